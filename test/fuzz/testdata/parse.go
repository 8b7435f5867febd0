// What Go's own parsers, which Matchbox uses, make of a text: a case a line on stdin, the answer a line on stdout.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"
)

type asked struct {
	Kind string `json:"kind"`
	// Bytes, in base64.
	Text []byte   `json:"text"`
	Args []string `json:"args"`
}

type group struct {
	Id       string                 `json:"id,omitempty"`
	Name     string                 `json:"name,omitempty"`
	Profile  string                 `json:"profile,omitempty"`
	Selector map[string]string      `json:"selector,omitempty"`
	Metadata map[string]interface{} `json:"metadata,omitempty"`
}

type netBoot struct {
	Kernel string   `json:"kernel,omitempty"`
	Initrd []string `json:"initrd,omitempty"`
	Args   []string `json:"args,omitempty"`
}

type profile struct {
	Id         string   `json:"id,omitempty"`
	Name       string   `json:"name,omitempty"`
	IgnitionId string   `json:"ignition_id,omitempty"`
	CloudId    string   `json:"cloud_id,omitempty"`
	Boot       *netBoot `json:"boot,omitempty"`
	GenericId  string   `json:"generic_id,omitempty"`
}

var content = []byte(strings.Repeat("0123456789", 10))

func answer(a asked) interface{} {
	text := string(a.Text)
	switch a.Kind {
	case "mac":
		if mac, err := net.ParseMAC(text); err == nil {
			return mac.String()
		}
		return nil
	case "query":
		values, _ := url.ParseQuery(text)
		pairs := [][2][]byte{}
		for key, all := range values {
			pairs = append(pairs, [2][]byte{[]byte(key), []byte(all[0])})
		}
		return pairs
	case "range":
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Range", text)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return []interface{}{w.Code, w.Header().Get("Content-Range"), w.Header().Get("Content-Type"), w.Body.Bytes()}
	case "group":
		var g group
		if json.Unmarshal(a.Text, &g) != nil {
			return nil
		}
		for key, value := range g.Selector {
			if strings.ToLower(key) == "mac" {
				mac, err := net.ParseMAC(value)
				if err != nil {
					return nil
				}
				g.Selector[key] = mac.String()
			}
		}
		return g
	case "profile":
		var p profile
		if json.Unmarshal(a.Text, &p) != nil {
			return nil
		}
		return p
	case "flags":
		set := flag.NewFlagSet("matchbox", flag.ContinueOnError)
		set.SetOutput(io.Discard)
		values := map[string]*string{}
		for _, name := range []string{"address", "data-path", "log-level"} {
			values[name] = set.String(name, "default", "")
		}
		version := set.Bool("version", false, "")
		if set.Parse(a.Args) != nil || set.NArg() > 0 {
			return nil
		}
		return []interface{}{*values["address"], *values["data-path"], *values["log-level"], *version}
	}
	panic(a.Kind)
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var a asked
		if err := json.Unmarshal(line, &a); err != nil {
			panic(err)
		}
		if err := answers.Encode(answer(a)); err != nil {
			panic(err)
		}
	}
}
