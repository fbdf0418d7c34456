// Prints the descriptors of the plugin protocol as HashiCorp's Go libraries have them: a binary
// google.protobuf.FileDescriptorSet on stdout. Run by tests/protocol/descriptors.rs.
package main

import (
	"log"
	"os"

	// Each registers its generated messages, which themselves are internal to it.
	_ "github.com/hashicorp/go-plugin"
	_ "github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	set := &descriptorpb.FileDescriptorSet{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		switch file.Package() {
		case "tfplugin6", "plugin", "grpc.health.v1":
			set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
		}
		return true
	})
	bytes, err := proto.Marshal(set)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(bytes); err != nil {
		log.Fatal(err)
	}
}
