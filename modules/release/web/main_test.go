package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func at(node string) *server {
	return &server{
		self: identity{Node: node, Pod: "web-" + node},
		name: "web.landfall-system.svc.cluster.local",
		lookup: func(context.Context, string) ([]string, error) {
			return []string{"10.43.7.7"}, nil
		},
		get: func(context.Context, string) (identity, error) {
			return identity{Node: "w2", Pod: "web-w2"}, nil
		},
	}
}

func ask(t *testing.T, s *server, path string, into any) {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, recorder.Code)
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

func TestSaysWhoAnswers(t *testing.T) {
	var by identity
	ask(t, at("w1"), "/", &by)
	if by != (identity{Node: "w1", Pod: "web-w1"}) {
		t.Fatalf("%+v", by)
	}
}

func TestUnknownPathsAreNotAnswered(t *testing.T) {
	recorder := httptest.NewRecorder()
	at("w1").handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/other", nil))
	if recorder.Code != http.StatusNotFound {
		t.Fatal(recorder.Code)
	}
}

func TestProbeAsksTheNameAndThenItsAddress(t *testing.T) {
	s := at("w1")
	var asked []string
	s.lookup = func(_ context.Context, name string) ([]string, error) {
		asked = append(asked, name)
		return []string{"10.43.7.7", "fd00::7"}, nil
	}
	s.get = func(_ context.Context, address string) (identity, error) {
		asked = append(asked, address)
		return identity{Node: "w2", Pod: "web-w2"}, nil
	}
	var r report
	ask(t, s, "/probe", &r)
	if got := strings.Join(asked, " "); got != "web.landfall-system.svc.cluster.local. 10.43.7.7 fd00::7" {
		t.Fatal(got)
	}
	if r.Node != "w1" || r.DNS.Addresses[0] != "10.43.7.7" || r.Service.Node != "w2" || r.Service.Error != "" {
		t.Fatalf("%+v", r)
	}
}

func TestProbeReportsALookupThatFails(t *testing.T) {
	s := at("w1")
	s.lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("i/o timeout") }
	s.get = func(context.Context, string) (identity, error) {
		t.Fatal("asked without an address")
		return identity{}, nil
	}
	var r report
	ask(t, s, "/probe", &r)
	if r.DNS.Error != "i/o timeout" || r.Service.Node != "" || r.Service.Error == "" {
		t.Fatalf("%+v", r)
	}
}

func TestProbeReportsTheAddressThatDoesNotAnswer(t *testing.T) {
	s := at("w1")
	s.lookup = func(context.Context, string) ([]string, error) { return []string{"10.43.7.7", "fd00::7"}, nil }
	s.get = func(_ context.Context, address string) (identity, error) {
		if address == "fd00::7" {
			return identity{}, errors.New("connection refused")
		}
		return identity{Node: "w2"}, nil
	}
	var r report
	ask(t, s, "/probe", &r)
	if r.Service.Address != "fd00::7" || r.Service.Error != "connection refused" || r.Service.Node != "" {
		t.Fatalf("%+v", r)
	}
}
