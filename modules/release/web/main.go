// Command web is a tiny web server that runs as a pod on every node, behind a Service of its own.
//
//	/       who answers: {"node":"w1","pod":"web-x7k2p"}
//	/probe  what the cluster looks like from this node: its DNS is asked for the Service, and the Service for an answer
//
// Health checks ask each pod's /probe through the apiserver: so every node bears witness for itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Shorter than the patience of whoever asks for /probe: the answer is to say what failed, not to be late.
const (
	lookupTimeout  = 1500 * time.Millisecond
	serviceTimeout = 1500 * time.Millisecond
	// A packet lost while a node's rules are being written is sent again after this, where resolvers and TCP wait seconds.
	attemptTimeout = 300 * time.Millisecond
)

type identity struct {
	Node string `json:"node"`
	Pod  string `json:"pod"`
}

type lookup struct {
	Name         string   `json:"name"`
	Addresses    []string `json:"addresses,omitempty"`
	Error        string   `json:"error,omitempty"`
	Milliseconds int64    `json:"milliseconds"`
}

type service struct {
	Address      string `json:"address,omitempty"`
	Node         string `json:"node,omitempty"`
	Pod          string `json:"pod,omitempty"`
	Error        string `json:"error,omitempty"`
	Milliseconds int64  `json:"milliseconds"`
}

type report struct {
	identity
	DNS     lookup  `json:"dns"`
	Service service `json:"service"`
}

type server struct {
	self identity
	// The Service's full name; empty answers /probe with an error.
	name   string
	lookup func(ctx context.Context, name string) ([]string, error)
	get    func(ctx context.Context, address string) (identity, error)
}

func main() {
	address := ":8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	s := &server{
		self:   identity{Node: os.Getenv("NODE_NAME"), Pod: os.Getenv("POD_NAME")},
		name:   os.Getenv("PROBE_SERVICE"),
		lookup: net.DefaultResolver.LookupHost,
		get:    get,
	}
	web := &http.Server{Addr: address, Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}

	// As process 1 of its container it would not end by SIGTERM otherwise.
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_ = web.Shutdown(grace)
	}()
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.self) })
	mux.HandleFunc("/probe", func(w http.ResponseWriter, r *http.Request) { answer(w, s.probe(r.Context())) })
	return mux
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (s *server) probe(ctx context.Context) report {
	r := report{identity: s.self, DNS: s.resolve(ctx)}
	if len(r.DNS.Addresses) == 0 {
		r.Service.Error = "its name has no address"
		return r
	}
	r.Service = s.ask(ctx, r.DNS.Addresses)
	return r
}

// The name ends with a dot: search domains would only multiply the questions.
func (s *server) resolve(ctx context.Context) lookup {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	begun := time.Now()
	name := strings.TrimSuffix(s.name, ".")
	var addresses []string
	err := persist(ctx, func(ctx context.Context) (err error) {
		addresses, err = s.lookup(ctx, name+".")
		return err
	})
	return lookup{Name: name, Addresses: addresses, Error: text(err), Milliseconds: time.Since(begun).Milliseconds()}
}

// All the Service's addresses must answer (two with dual-stack); the first that does not is reported.
func (s *server) ask(ctx context.Context, addresses []string) service {
	ctx, cancel := context.WithTimeout(ctx, serviceTimeout)
	defer cancel()
	begun := time.Now()
	var last service
	for _, address := range addresses {
		var by identity
		err := persist(ctx, func(ctx context.Context) (err error) {
			by, err = s.get(ctx, address)
			return err
		})
		last = service{Address: address, Node: by.Node, Pod: by.Pod, Error: text(err), Milliseconds: time.Since(begun).Milliseconds()}
		if err != nil {
			break
		}
	}
	return last
}

// Tries again what got no answer, until the time is up; an answer, good or bad, ends it.
func persist(ctx context.Context, try func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
		err := try(attempt)
		silent := attempt.Err() != nil
		cancel()
		if err == nil || !silent || ctx.Err() != nil {
			return err
		}
	}
}

// A connection of its own each time: the Service's balancing decides anew.
func get(ctx context.Context, address string) (identity, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := "http://" + net.JoinHostPort(address, "80") + "/"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return identity{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return identity{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return identity{}, fmt.Errorf("answered %s", response.Status)
	}
	var by identity
	if err := json.NewDecoder(io.LimitReader(response.Body, 4096)).Decode(&by); err != nil {
		return identity{}, err
	}
	if by.Node == "" {
		return identity{}, errors.New("answered by something that names no node")
	}
	return by, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
