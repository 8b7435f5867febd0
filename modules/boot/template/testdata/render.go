// Renders templates as Matchbox 0.11 does it: a case a line on stdin, its result a line on stdout.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type request struct {
	Text     string            `json:"text"`
	Metadata json.RawMessage   `json:"metadata"`
	Selector map[string]string `json:"selector"`
	Query    map[string]string `json:"query"`
	RawQuery string            `json:"rawQuery"`
}

type answer struct {
	Refused string `json:"refused,omitempty"`
	Failed  string `json:"failed,omitempty"`
	Text    []byte `json:"text"`
}

func render(asked request) answer {
	data := make(map[string]interface{})
	if err := json.Unmarshal(asked.Metadata, &data); err != nil {
		panic(err)
	}
	for key, value := range asked.Selector {
		data[strings.ToLower(key)] = value
	}
	data["request"] = map[string]interface{}{"query": asked.Query, "raw_query": asked.RawQuery}
	parsed, err := template.New("").Option("missingkey=error").Parse(asked.Text)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return answer{Failed: err.Error()}
	}
	return answer{Text: append([]byte{}, out.Bytes()...)}
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		if err := answers.Encode(render(asked)); err != nil {
			panic(err)
		}
	}
}
