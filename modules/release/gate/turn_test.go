package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"

// An API with one lease, or none, as Kubernetes answers for it.
func leasing(t *testing.T, found *lease) (url string, written func() *lease) {
	t.Helper()
	handler := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == leases && r.Header.Get("Content-Type") == "application/json":
			var asked lease
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Kind != "Lease" || asked.Metadata.Name != "leader" {
				t.Error("not a lease:", asked, err)
			}
			if found != nil {
				w.WriteHeader(http.StatusConflict)
				return
			}
			found = &asked
			w.WriteHeader(http.StatusCreated)
		case r.Method == http.MethodGet && r.URL.Path == leases+"/leader" && found != nil:
			_ = json.NewEncoder(w).Encode(found)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(server.Close)
	return server.URL + leases + "/leader", func() *lease { return found }
}

func turn(url string) time.Duration {
	return takeTurn(context.Background(), http.DefaultClient, url, func(...any) {})
}

func renewed(ago time.Duration) *lease {
	return &lease{Spec: spec{LeaseDurationSeconds: 10, RenewTime: time.Now().Add(-ago).UTC().Format(time.RFC3339Nano)}}
}

func TestTheFirstGoesAndTheOthersStandBy(t *testing.T) {
	url, written := leasing(t, nil)
	if wait := turn(url); wait != 0 {
		t.Error("the first waits", wait)
	}
	if wait := turn(url); wait != standby {
		t.Error("the second waits", wait)
	}
	// client-go takes a lease that nobody holds at once.
	if made := written(); made.Spec.LeaseDurationSeconds != 1 {
		t.Error(made)
	}
}

func TestStandsByForALeaderThatIsThere(t *testing.T) {
	url, _ := leasing(t, renewed(time.Second))
	if wait := turn(url); wait != standby {
		t.Error("waits", wait)
	}
}

func TestWaitsForNoLeaseThatIsOld(t *testing.T) {
	// After a loss of power, or with a clock that is wrong.
	for _, ago := range []time.Duration{time.Minute, -time.Minute} {
		url, written := leasing(t, renewed(ago))
		before := *written()
		if wait := turn(url); wait != 0 {
			t.Error("waits", wait)
		}
		if *written() != before {
			t.Error("writes to a lease that is there")
		}
	}
}

func TestWaitsForNothingThatItCannotRead(t *testing.T) {
	url, _ := leasing(t, &lease{Spec: spec{RenewTime: "yesterday"}})
	if wait := turn(url); wait != 0 {
		t.Error("an odd lease: waits", wait)
	}
	if wait := turn(url + "/refused"); wait != 0 {
		t.Error("refused: waits", wait)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if wait := turn(gone.URL + leases + "/leader"); wait != 0 {
		t.Error("nobody answers: waits", wait)
	}
}
