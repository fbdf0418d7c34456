// Reads a Java keystore with the library by which cert-manager writes them. Run by tests/protocol/keystores.rs and by the
// acceptance tests.
//
// The arguments are the file and the password; the answer on stdout is JSON: by alias the key (PKCS#8) and the certificates, as
// base64 of DER.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
)

type entry struct {
	Key          []byte   `json:"key"`
	Certificates [][]byte `json:"certificates"`
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	password := []byte(os.Args[2])
	store := keystore.New()
	if err := store.Load(file, password); err != nil {
		log.Fatal(err)
	}
	entries := map[string]entry{}
	for _, alias := range store.Aliases() {
		var found entry
		if store.IsPrivateKeyEntry(alias) {
			key, err := store.GetPrivateKeyEntry(alias, password)
			if err != nil {
				log.Fatal(err)
			}
			found.Key = key.PrivateKey
			for _, certificate := range key.CertificateChain {
				found.Certificates = append(found.Certificates, certificate.Content)
			}
		} else {
			trusted, err := store.GetTrustedCertificateEntry(alias)
			if err != nil {
				log.Fatal(err)
			}
			found.Certificates = append(found.Certificates, trusted.Certificate.Content)
		}
		entries[alias] = found
	}
	if err := json.NewEncoder(os.Stdout).Encode(entries); err != nil {
		log.Fatal(err)
	}
}
