package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"
)

const (
	// For as long a program that stands by leaves the processor to those that everything waits for. Longer than the first
	// nodes need to become ready, shorter than the lease of a leader that dies meanwhile.
	standby = 8 * time.Second
	// A lease that was renewed longer ago has no leader. Those who are elected renew theirs every second.
	fresh = 10 * time.Second
)

type lease struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       spec     `json:"spec"`
}

type metadata struct {
	Name string `json:"name"`
}

// Held by nobody, as a leader leaves it behind that steps down: whoever is elected first may take it at once.
type spec struct {
	LeaseDurationSeconds int    `json:"leaseDurationSeconds"`
	RenewTime            string `json:"renewTime"`
}

// Returns how long to wait before the program is started.
//
// A program that is elected by a lease works on one master; on the others it does nothing until that one is gone. Where a
// cluster starts for the first time there is no lease: who makes it goes first, the others stand by. It only orders their
// starts: who leads is theirs to settle, and a lease that exists is never written to. So a clock that is wrong, an answer
// that is odd or a first one that dies cost at most the time of standing by. After a loss of power the lease is old, and all
// start at once: each has to watch it run out.
func takeTurn(ctx context.Context, client *http.Client, url string, say func(...any)) time.Duration {
	made, err := create(ctx, client, url)
	if err != nil {
		say(err)
		return 0
	}
	if made {
		return 0
	}
	renewed, err := lastRenewed(ctx, client, url)
	if err != nil {
		say(err)
		return 0
	}
	if time.Since(renewed).Abs() > fresh {
		return 0
	}
	say("another one goes first: starts in", standby)
	return standby
}

func create(ctx context.Context, client *http.Client, url string) (bool, error) {
	body, err := json.Marshal(lease{
		APIVersion: "coordination.k8s.io/v1",
		Kind:       "Lease",
		Metadata:   metadata{Name: path.Base(url)},
		Spec:       spec{LeaseDurationSeconds: 1, RenewTime: time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")},
	})
	if err != nil {
		return false, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, parent(url), bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusCreated:
		return true, nil
	case http.StatusConflict:
		return false, nil
	default:
		return false, fmt.Errorf("%s: %s", parent(url), response.Status)
	}
}

func lastRenewed(ctx context.Context, client *http.Client, url string) (time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return time.Time{}, fmt.Errorf("%s: %s", url, response.Status)
	}
	var found lease
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&found); err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, found.Spec.RenewTime)
}

func parent(url string) string { return url[:len(url)-len("/")-len(path.Base(url))] }
