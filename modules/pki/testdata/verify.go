// Says of each case on standard input whether Go, as the cluster's own components do, accepts the certificate.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"time"
)

type testCase struct {
	Authority, Certificate, Key, Name, Usage string
	Time                                     time.Time
}

func verify(c testCase) string {
	if _, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.Key)); err != nil {
		return err.Error()
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(c.Authority)) {
		return "no authority"
	}
	block, _ := pem.Decode([]byte(c.Certificate))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err.Error()
	}
	usages := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}
	_, err = certificate.Verify(x509.VerifyOptions{
		Roots:       roots,
		DNSName:     c.Name,
		KeyUsages:   []x509.ExtKeyUsage{usages[c.Usage]},
		CurrentTime: c.Time,
	})
	if err != nil {
		return err.Error()
	}
	return "accepted"
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	results := make([]string, len(cases))
	for i, c := range cases {
		results[i] = verify(c)
	}
	json.NewEncoder(os.Stdout).Encode(results)
}
