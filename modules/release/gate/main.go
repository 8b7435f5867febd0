// Command gate waits until the API lets its caller in, and then becomes the program that would have failed until then.
//
//	gate [-contains TEXT] [-turn LEASE] CA CERTIFICATE KEY URL PROGRAM ARGUMENTS...
//
// Clients of Kubernetes that start before their roles exist are refused, and back off for seconds after the roles are
// there. So static pods, which start before any apiserver answers, go through this: it asks for URL with the caller's own
// certificate (files are read anew each time) until it is answered 200, and the body holds TEXT. It reads on for ten seconds,
// so URL may be a watch. With -turn it then starts at once on one machine, and a little later on the others (turn.go).
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

const (
	interval = 250 * time.Millisecond
	// The node's balancer holds connections while no apiserver listens.
	timeout = 10 * time.Second
)

var errNotReady = errors.New("not ready")

// Who asks, and for what.
type question struct {
	ca, certificate, key, url string
	contains                  []byte
}

func main() {
	contains := flag.String("contains", "", "what the answer must hold")
	turn := flag.String("turn", "", "URL of the lease by which the program is elected")
	flag.Parse()
	if flag.NArg() < 5 {
		log.Fatal("usage: gate [-contains TEXT] [-turn LEASE] CA CERTIFICATE KEY URL PROGRAM ARGUMENTS...")
	}
	arguments := flag.Args()
	asked := question{arguments[0], arguments[1], arguments[2], arguments[3], []byte(*contains)}

	// As process 1 of its container it would not end by SIGTERM otherwise.
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	client, err := wait(stop, asked, log.Println)
	if err != nil {
		log.Fatal(err)
	}
	if *turn != "" {
		select {
		case <-stop.Done():
			log.Fatal(stop.Err())
		case <-time.After(takeTurn(stop, client, *turn, log.Println)):
		}
	}
	cancel()

	program, err := exec.LookPath(arguments[4])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(syscall.Exec(program, arguments[4:], os.Environ()))
}

// Returns when the answer is there, and who asked; says why it is not, once for each reason.
func wait(ctx context.Context, asked question, say func(...any)) (*http.Client, error) {
	var client *http.Client
	var said string
	for {
		var err error
		if client == nil {
			client, err = open(asked)
		}
		if err == nil {
			if err = ask(ctx, client, asked); err == nil {
				return client, nil
			}
		}
		if reason := err.Error(); reason != said {
			say(reason)
			said = reason
		}
		// A connection stays with one apiserver: another one may be ready before it. One that refuses is ready.
		if client != nil && errors.Is(err, errNotReady) {
			client.CloseIdleConnections()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(interval):
		}
	}
}

func open(asked question) (*http.Client, error) {
	ca, err := os.ReadFile(asked.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New(asked.ca + " holds no certificate")
	}
	config := &tls.Config{
		RootCAs: roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(asked.certificate, asked.key)
			return &pair, err
		},
	}
	return &http.Client{Timeout: timeout, Transport: &http.Transport{TLSClientConfig: config}}, nil
}

func ask(ctx context.Context, client *http.Client, asked question) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 500 {
		return fmt.Errorf("%s: %w: %s", asked.url, errNotReady, response.Status)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", asked.url, response.Status)
	}
	return find(io.LimitReader(response.Body, 1<<20), asked)
}

// Returns at the first that the text is there: a watch goes on.
func find(body io.Reader, asked question) error {
	var read bytes.Buffer
	chunk := make([]byte, 32<<10)
	for {
		n, err := body.Read(chunk)
		read.Write(chunk[:n])
		if bytes.Contains(read.Bytes(), asked.contains) {
			return nil
		}
		if err == io.EOF {
			return fmt.Errorf("%s: no %s yet", asked.url, asked.contains)
		}
		if err != nil {
			return err
		}
	}
}
