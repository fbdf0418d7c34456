// Command referrers is a registry that tells itself what is attached to a manifest, which that of the CNCF does not: it keeps all in memory
// and writes the address that it listens on. Usage: referrers CERTIFICATE KEY
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: referrers CERTIFICATE KEY")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	log.Fatal(http.ServeTLS(listener, ociserver.New(ocimem.New(), nil), os.Args[1], os.Args[2]))
}
