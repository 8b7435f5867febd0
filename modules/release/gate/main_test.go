package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server that wants a client's certificate, gives the answers in turn, and repeats the last.
func asking(t *testing.T, answers ...func(http.ResponseWriter)) (question, *int) {
	t.Helper()
	asked := 0
	handler := func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) != 1 {
			t.Error("asked without a certificate")
		}
		answers[min(asked, len(answers)-1)](w)
		asked++
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(handler))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)

	folder := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return question{
		ca:          write("ca.crt", "CERTIFICATE", server.Certificate().Raw),
		certificate: write("client.crt", "CERTIFICATE", certificate),
		key:         write("client.key", "EC PRIVATE KEY", private),
		url:         server.URL,
	}, &asked
}

func status(code int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func waiting(t *testing.T, asked question) ([]string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var said []string
	_, err := wait(ctx, asked, func(words ...any) { said = append(said, words[0].(string)) })
	return said, err
}

func TestEndsWhenItIsLetIn(t *testing.T) {
	asked, count := asking(t, status(500, ""), status(403, ""), status(403, ""), status(200, "ok"))
	said, err := waiting(t, asked)
	if err != nil || *count != 4 {
		t.Fatal(err, *count)
	}
	if len(said) != 2 || !strings.Contains(said[0], "500") || !strings.Contains(said[1], "403") {
		t.Error("says each reason once:", said)
	}
}

func TestWaitsForWhatTheAnswerMustHold(t *testing.T) {
	asked, count := asking(t, status(200, `{"spec":{}}`), status(200, `{"spec":{"podCIDR":"10.42.0.0/24"}}`))
	asked.contains = []byte(`"podCIDR":`)
	if _, err := waiting(t, asked); err != nil || *count != 2 {
		t.Fatal(err, *count)
	}
}

func TestReadsAWatchUntilItIsThere(t *testing.T) {
	let := make(chan struct{})
	defer close(let)
	asked, _ := asking(t, func(w http.ResponseWriter) {
		for _, line := range []string{`{"spec":{}}`, `{"spec":{"podCIDR":"10.42.0.0/24"}}`} {
			_, _ = w.Write([]byte(line))
			w.(http.Flusher).Flush()
		}
		<-let
	})
	asked.contains = []byte(`"podCIDR":`)
	if _, err := waiting(t, asked); err != nil {
		t.Fatal(err)
	}
}

func TestReadsCertificatesThatComeLater(t *testing.T) {
	asked, count := asking(t, status(200, "ok"))
	late := asked.ca
	asked.ca = late + ".late"
	time.AfterFunc(300*time.Millisecond, func() { _ = os.Rename(late, asked.ca) })
	if _, err := waiting(t, asked); err != nil || *count != 1 {
		t.Fatal(err, *count)
	}
}

func TestTrustsNoOtherServer(t *testing.T) {
	asked, count := asking(t, status(200, "ok"))
	other, _ := asking(t, status(200, "ok"))
	_ = os.WriteFile(asked.ca, mustRead(t, other.certificate), 0o600)
	if said, err := waiting(t, asked); err == nil || *count != 0 || !strings.Contains(said[0], "certificate") {
		t.Fatal(err, *count, said)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
