// Templates for the tests: written by hand, and put together at random.
import type { Dict } from "./value.ts";

export const metadata: Dict = {
  name: "node-1",
  hostname: "node-1.example.com",
  empty: "",
  "with-dash": "dash",
  é: "accent",
  html: '<a href="x">\'&\u0000</a>',
  unicode: "aé世\u{1f980}\u00a0\u200b",
  port: 8080,
  big: 1234567,
  huge: 1e300,
  small: 0.000001,
  half: 0.5,
  exact: 2.5,
  zero: 0,
  minus: -3.25,
  yes: true,
  no: false,
  nothing: null,
  list: ["b", "a", "c"],
  numbers: [1, 2.5, 100000, 1000000, 1e21],
  mixed: ["x", 1, true, null, [1, "y"], { k: "v" }],
  none: [],
  map: { b: "2", a: "1", c: "3", B: "4" },
  void: {},
  deep: { er: { est: "bottom", list: [{ name: "x" }, { name: "y" }] } },
  nodes: [
    { name: "n1", ip: "10.0.0.1", master: true },
    { name: "n2", ip: "10.0.0.2", master: false },
  ],
};

export const selector: Readonly<Record<string, string>> = { MAC: "52:54:00:a1:9c:ae", os: "installed" };
export const query: ReadonlyMap<string, string> = new Map([
  ["mac", "52:54:00:a1:9c:ae"],
  ["uuid", "a&b"],
]);
export const rawQuery = "mac=52:54:00:a1:9c:ae&uuid=a%26b";
/** What Matchbox makes of these. */
export const data: Dict = {
  ...metadata,
  mac: "52:54:00:a1:9c:ae",
  os: "installed",
  request: { query, raw_query: rawQuery },
};

/** Each of these is in the subset, or is refused by Go too. */
export const handWritten: readonly string[] = `
{{.name}}
{{ .name }}
{{.hostname}} {{.port}} {{.big}} {{.huge}} {{.small}} {{.half}} {{.minus}} {{.zero}}
{{.yes}} {{.no}} {{.nothing}} {{.list}} {{.numbers}} {{.mixed}} {{.map}} {{.void}} {{.none}}
{{.}}
{{$}}
{{$.name}}
{{.deep.er.est}}
{{.deep.er.list}}
{{.missing}}
{{.deep.missing}}
{{.deep.er.est.more}}
{{.nothing.more}}
{{.list.name}}
{{.request.query.mac}} {{.request.raw_query}} {{.request}} {{.request.query}}
{{.request.query.missing}}
{{index .request.query "missing"}}|
{{.Upper}}
{{.mac}} {{.os}}
{{.é}}
{{index . "with-dash"}}
{{.with-dash}}
{{if .yes}}y{{end}}
{{if .no}}y{{else}}n{{end}}
{{if .no}}a{{else if .yes}}b{{else}}c{{end}}
{{if .no}}a{{else if .no}}b{{else if .no}}c{{else}}d{{end}}
{{if .missing}}a{{end}}
{{if .nothing}}a{{else}}b{{end}}
{{if .zero}}a{{else}}b{{end}}
{{if -0.0}}a{{else}}b{{end}}
{{if .empty}}a{{else}}b{{end}}
{{if .none}}a{{else}}b{{end}}
{{if .void}}a{{else}}b{{end}}
{{if .list}}a{{end}}{{if .map}}b{{end}}{{if .port}}c{{end}}{{if .request}}d{{end}}{{if .request.query}}e{{end}}
{{if and .yes .name}}a{{end}}
{{and .yes .name}} {{and .no .name}} {{and .yes}} {{or .no .name}} {{or .empty .zero}} {{or .empty .nothing}}
{{and .no .missing}} {{or .yes .missing}}
{{and .yes .missing}}
{{.name | and .yes}} {{.name | or .no}} {{.nothing | or .no}} {{.nothing | and .yes}} {{.name | and}}
{{and}}
{{or}}
{{not .yes}} {{not .nothing}} {{not .name}} {{.no | not}} {{not (not .yes)}}
{{not}}
{{not 1 2}}
{{eq .name "node-1"}} {{eq .name "a" "node-1"}} {{ne .name "x"}} {{eq .yes true}} {{eq 1 1}} {{eq 1.5 1.5}}
{{eq .port 8080}}
{{eq .port 8080.0}}
{{eq .half 0.5}}
{{eq .nothing nil}} {{eq .name nil}} {{eq nil nil}} {{ne .nothing nil}} {{eq .list nil}} {{eq .map nil}}
{{eq .list .list}}
{{eq .map .list}}
{{eq .map .map}}
{{eq .map .request.query}}
{{eq .name .port}}
{{eq .name}}
{{eq}}
{{ne .name}}
{{eq "a" "a" .missing}}
{{eq .name "node-1" .port}}
{{eq .name .port "node-1"}}
{{lt 1 2}} {{le 2 2}} {{gt 3 2}} {{ge 2 3}} {{lt "a" "b"}} {{lt .half 1.0}} {{gt .port 80.0}} {{le .name "z"}}
{{lt 1 2.0}}
{{lt .yes .no}}
{{lt .nothing 1}}
{{lt .list .list}}
{{lt "\\uffff" .unicode}} {{lt "\\U0001f980" "\\uffff"}} {{gt "\\ue000" "\\U00010000"}}
{{len .name}} {{len .list}} {{len .map}} {{len .unicode}} {{len .empty}} {{len .none}} {{len .request.query}} {{len "é"}}
{{len .port}}
{{len .nothing}}
{{len nil}}
{{len}}
{{index .list 0}} {{index .list 2}} {{index .map "a"}} {{index .map "zz"}} {{index .deep "er" "est"}} {{index .nodes 1 "ip"}}
{{index .list 3}}
{{index .list 4}}
{{index .list -1}}
{{index .list "a"}}
{{index .list .zero}}
{{index .map 1}}
{{index .map nil}}
{{index .nothing "a"}}
{{index .map "zz" "y"}}
{{index .port 1}}
{{index .list}}
{{index .mixed 4 1}} {{index .mixed 3}} {{index .mixed 5 "k"}}
{{index}}
{{slice .name 1}} {{slice .name 1 3}} {{slice .name}} {{slice .list 1}} {{slice .list 0 2}} {{slice .name 0 0}}
{{slice .name 9}}
{{slice .name 3 1}}
{{slice .port 1}}
{{slice .nothing 1}}
{{slice .map 1}}
{{slice .name "a"}}
{{range .list}}{{.}},{{end}}
{{range $v := .list}}{{$v}},{{end}}
{{range $i, $v := .list}}{{$i}}={{$v}},{{end}}
{{range $k, $v := .map}}{{$k}}={{$v}},{{end}}
{{range .map}}{{.}},{{end}}
{{range $k, $v := .request.query}}{{$k}}={{$v}},{{end}}
{{range .none}}a{{else}}none{{end}}
{{range .void}}a{{else}}none{{end}}
{{range .nothing}}a{{else}}none{{end}}
{{range $i, $v := .none}}a{{else}}{{$i}}{{$v}}{{end}}
{{range .name}}a{{end}}
{{range .port}}a{{end}}
{{range .yes}}a{{end}}
{{range 3}}{{.}}{{end}} {{range $i := 3}}{{$i}}{{end}} {{range 0}}a{{else}}none{{end}} {{range -1}}a{{else}}none{{end}}
{{range $i, $j := 3}}{{$i}}{{end}}
{{range .nodes}}{{.name}} {{if .master}}m{{else}}w{{end}};{{end}}
{{range .nodes}}{{$.name}}{{.name}}{{end}}
{{range $i, $n := .nodes}}{{if $i}},{{end}}{{$n.name}}={{$n.ip}}{{end}}
{{range .list}}{{if eq . "a"}}{{continue}}{{end}}{{.}}{{end}}
{{range .list}}{{if eq . "a"}}{{break}}{{end}}{{.}}{{end}}
{{range .list}}{{range $.list}}{{break}}{{end}}{{.}}{{end}}
{{range $x := .list}}{{with $x}}{{$y := 1}}{{continue}}{{end}}{{end}}{{$y := 2}}{{$y}}
{{break}}
{{continue}}
{{range .list}}{{else}}{{break}}{{end}}
{{range .list}}{{block "x" .}}{{break}}{{end}}{{end}}
{{break 1}}
{{range .list}}{{break | print}}{{end}}
{{with .name}}{{.}}{{end}} {{with .nothing}}a{{else}}b{{end}} {{with $x := .name}}{{$x}}{{.}}{{end}}
{{with .nothing}}a{{else with .name}}{{.}}{{end}} {{with .no}}a{{else with .zero}}b{{else}}c{{end}}
{{with .nothing}}a{{else if .name}}b{{end}}
{{if .no}}a{{else with .name}}b{{end}}
{{range .none}}a{{else if .name}}b{{end}}
{{$x := .name}}{{$x}}
{{$x := .name}}{{$x = "other"}}{{$x}}
{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}} {{if true}}{{$x := 3}}{{$x}}{{end}}{{$x}}
{{if true}}{{$x := 3}}{{end}}{{$x}}
{{$x}}
{{$x = 1}}
{{$x := $x}}
{{$x := 1}}{{$x := $x}}{{$x}}
{{$x, $y := .list}}
{{range $x, $y, $z := .list}}{{end}}
{{range $x, .list}}{{end}}
{{range $x, $y}}{{end}}
{{range $x,}}{{end}}
{{$i := 0}}{{range $i = .list}}{{end}}{{$i}}
{{$i := 0}}{{$v := 0}}{{range $i, $v = .list}}{{end}}{{$i}}{{$v}}
{{$v := 0}}{{range $i, $v := .list}}{{end}}{{$v}}
{{range $i, $v := .list}}{{$v = "z"}}{{$v}}{{end}}
{{if $x := .name}}{{$x}}{{end}}
{{if $x := .no}}a{{else}}{{$x}}{{end}}
{{if ($x := .name)}}{{$x}}{{end}}
{{$x := (print "a" "b")}}{{$x}} {{($x)}}
{{"quoted \\"string\\" \\t\\n\\\\ \\u00e9 \\x41 \\101 \\U0001f980"}} {{\`raw \\n\`}} {{"a" | print "b"}}
{{"\\q"}}
{{"\\'"}}
{{"a
{{'a'}} {{'\\n'}} {{'é'}} {{'\\''}} {{'\\u00e9'}}
{{''}}
{{'ab'}}
{{'\\"'}}
{{1}} {{-1}} {{+1}} {{0x1F}} {{0b11}} {{0o17}} {{017}} {{1.5}} {{1e3}} {{.5}} {{1.}} {{-0}} {{1E-7}} {{0.1}} {{00}} {{-0.0}}
{{1e6}} {{1e20}} {{1e21}} {{123456.0}} {{1234567.0}} {{0.0001}} {{0.00001}} {{1e400}}
{{9223372036854775807}} {{-9223372036854775808}}
{{089}}
{{08.5}}
{{0x}}
{{1a}}
{{1..2}}
{{--1}}
{{+}}
{{true}} {{false}} {{true | print}}
{{nil}}
{{nil | print}}
{{print nil}} {{print .nothing}} {{print}} {{println}} {{println "a" 1}} {{print 1 2}} {{print 1 "a" 2}} {{print "a" "b"}} {{print .yes .no}}
{{print .list .map}} {{print (print .port)}} {{print .missing}}
{{printf "%s" .name}} {{printf "%v" .port}} {{printf "%d" 42}} {{printf "%q" .name}} {{printf "%t" .yes}} {{printf "%%"}}
{{printf "%d" .port}} {{printf "%s" .port}} {{printf "%s" 42}} {{printf "%t" .name}} {{printf "%f" 42}} {{printf "%d" .name}}
{{printf "%5s|%-5s|%.2s|%5.1s|" "abc" "abc" "abc" "abc"}} {{printf "%3s|%.1s|%-4s|" "é世" "é世" "世"}}
{{printf "%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%b|%c|%q|" 42 42 42 42 42 42 42 42 42 42 42}}
{{printf "%05d|%+05d|%-05d|%x|%.3d|%6.3d|%.0d|%03.2d|" -42 42 42 -42 7 7 0 7}}
{{printf "%f|%.2f|%8.3f|%-8.1f|%08.2f|%+.1f|%e|%.3e|%g|%G|%E|%.3g|%F|% f|" .exact .exact .exact .exact .minus .exact .exact .big .huge .huge .small .big .half .half}}
{{printf "%.0f %.0f %.0f %.1f %.0f" 0.5 1.5 2.5 0.25 .huge}} {{printf "%.20f" 0.1}} {{printf "%.0e %.0g %.5g %.10g %g" 15.0 15.0 100000.0 100000.0 0.0}}
{{printf "%v %v %v" .list .map .nothing}} {{printf "%s %d %q" .list .numbers .mixed}} {{printf "%s" .map}} {{printf "%5v|%-5v|" .mixed "a"}}
{{printf "%s"}} {{printf "%s %s" "a"}} {{printf "a" "b" 1 nil .list}} {{printf "%d" nil}} {{printf "%v" nil}} {{printf "%5v|" nil}}
{{printf "%5d|%-5d|%05d|%.2f|%.1d|" "ab" "ab" "ab" "abc" 2.5}} {{printf "%5d" .yes}} {{printf "%.3f" 7}} {{printf "%+d" .port}} {{printf "%x" "hé"}} {{printf "%X" "hé"}} {{printf "%.1x|%5x|%-5x|%x|" "hé" "a" "a" ""}}
{{printf "%q" .html}} {{printf "%q" .unicode}} {{printf "%q" "\\a\\b\\f\\n\\r\\t\\v\\\\"}} {{printf "%q %q %q" 'x' '\\'' '世'}} {{printf "%c" 1114112}} {{printf "%q" -1}}
{{printf .name}} {{printf .port}}
{{printf .nothing}}
{{printf}}
{{printf 1}}
{{printf true "a"}}
{{printf nil}}
{{"%s-%s" | printf}} {{"a" | printf "%s"}} {{.port | printf "%v-%v" 1}}
{{html .html}} {{js .html}} {{urlquery .html}} {{html .unicode}} {{js .unicode}} {{urlquery .unicode}}
{{"\\xff"}} {{"\\xc3\\xa9"}} {{len "\\xff"}} {{len "\\xc3\\xa9"}} {{'\\xff'}} {{'\\377'}} {{print "\\xc3" "\\xa9" | printf "%.1s"}} {{"\\303" | printf "%q"}}
{{slice .unicode 0 2}} {{slice .unicode 2}} {{slice .unicode 0 2 | html}} {{slice .unicode 0 2 | js}} {{slice .unicode 0 2 | urlquery}}
{{slice .unicode 0 2 | printf "%q %x %5s|"}} {{slice .unicode 0 2 | len}} {{slice .unicode 0 2 | lt "aé"}} {{lt "\\xff" .unicode}}
{{printf "%q %x %5s|%.1s" (slice .unicode 2 4) (slice .unicode 2 4) (slice .unicode 2 4) (slice .unicode 2 4)}}
{{html .nothing}} {{html 1 "a" nil .list}} {{html}} {{js .list}} {{urlquery "a b" 1 2}} {{.html | html | js | urlquery}} {{js .nothing}}
{{js "\\u007f\\u0001=\\u2028\\u00ad"}}
{{define "x"}}[{{.}}]{{end}}{{template "x" .name}}{{template "x" .list}}{{template "x"}}
{{template "x" .name}}{{define "x"}}[{{.}}{{$}}]{{end}}
{{template "missing" .}}
{{if .no}}{{template "missing" .}}{{end}}ok
{{block "x" .name}}[{{.}}]{{end}}
{{block "x" .name}}[{{.}}]{{end}}{{template "x" .port}}
{{block "x"}}a{{end}}
{{define "x"}}a{{end}}{{define "x"}}b{{end}}
{{define "x"}} {{end}}{{define "x"}}b{{end}}{{template "x"}}
{{define "x"}}b{{end}}{{define "x"}} {{end}}{{template "x"}}
{{define x}}a{{end}}
{{define "x" .}}a{{end}}
{{define "x"}}a{{else}}b{{end}}
{{define "x"}}a
{{if .yes}}{{define "x"}}a{{end}}{{end}}
{{$x := 1}}{{define "x"}}{{$x}}{{end}}
{{$x := 1}}{{block "x" .}}{{$x}}{{end}}
{{define "r"}}{{if .}}{{index . 0}}{{template "r" (slice . 1)}}{{end}}{{end}}{{template "r" .list}}
{{template "x" $y := 1}}{{$y}}{{define "x"}}{{.}}{{end}}
{{template .name}}
{{template}}
{{/* a comment */}}a{{- /* b */ -}} c
{{/* a comment }}
{{/* a */ }}
{{ /* a */ }}
a {{- .name -}} b
a   {{-   .name   -}}   b
{{- .name -}}
a {{- -3 -}} b
a {{-3}} b
a {{.name -}}
{{.name-}}
{{ .name -}}  {{- .name}}
{{- "a" -}} \t {{- "b" -}}
{{if .yes -}} a {{- else -}} b {{- end}}
{{(.deep).er.est}} {{(index .nodes 0).name}} {{(index .nodes 0).missing}}
{{(.nothing).x}}
{{(print "a").x}}
{{print.x}}
{{.name.x}}
{{.name "arg"}}
{{.name | .port}}
{{.name | "x"}}
{{.name | 1}}
{{.name | .}}
{{.name | $}}
{{.name | nil}}
{{.name | (print)}}
{{(print) | print}}
{{. | print | len}}
{{.name | print | printf "%s-%s" "x" | len}}
{{"a".x}}
{{1.x}}
{{nil.x}}
{{true.x}}
{{..x}}
{{. .x}}
{{.name.}}
{{.x.y.z}}
{{$.deep.er.est}} {{$d := .deep}}{{$d.er.est}} {{$d.er.list}}
{{print .name.x}}
{{print (.name)}} {{print ((.name))}} {{(((.name)))}}
{{()}}
{{(.name}}
{{.name)}}
{{( )}}
{{print ()}}
{{unknown}}
{{unknown .name}}
{{.name | unknown}}
{{end}}
{{else}}
{{else if .x}}
{{if}}{{end}}
{{if .yes}}
{{if .yes}}{{else}}{{else}}{{end}}
{{range}}{{end}}
{{with}}{{end}}
{{}}
{{ }}
{{|}}
{{print |}}
{{| print}}
{{print | | print}}
{{,}}
{{.name,}}
{{.name .port}}
{{#}}
{{é}}
{{$é := 1}}{{$é}}
{{"a"}}{{"b" "c"}}
{{print "a""b"}}
{{print "a"(print)}}
{{print(print)}}
{{print 1,2}}
{{if.yes}}a{{end}}
{{if(.yes)}}a{{end}}
{{print.name}}
{{end}}x
{{
}}
{{.name
}}
{{
.name
}}
}} { {{ "{{" }} }
{ {{.name}} }
{{"}}"}}
{{\`}}\`}}
{{{.name}}}
{{.name}}}}
{{ .name}} trailing {
plain text, no action
{{block "a" .}}{{block "b" .name}}{{.}}{{end}}{{end}}
{{with $x := .name}}{{with $y := $x}}{{$x}}{{$y}}{{end}}{{end}}
{{range $i, $e := .nodes}}{{range $j, $f := $.nodes}}{{$i}}{{$j}}{{$e.name}}{{$f.name}} {{end}}{{end}}
{{if and (eq .name "node-1") (or .no (gt .port 100.0))}}yes{{end}}
{{if not (and .yes .no)}}yes{{end}}
{{$s := ""}}{{range .list}}{{$s = print $s .}}{{end}}{{$s}}
{{$first := true}}{{range .list}}{{if not $first}},{{end}}{{$first = false}}{{.}}{{end}}
`
  .slice(1, -1)
  .split("\n");

/** Of several lines. */
export const longer: readonly string[] = [
  "",
  " ",
  "\n",
  "a\n{{- .name }}\nb\n\n{{ .port -}}\n\n c",
  `#!ipxe
{{ range $i, $n := .nodes -}}
item {{ $n.name }} {{ $n.ip }}
{{ end -}}
{{ with .deep.er }}set x {{ .est }}{{ end }}
boot
`,
  `auth --useshadow
{{- if .yes }}
rootpw --iscrypted {{ .name }}
{{- else }}
rootpw --lock
{{- end }}
network --hostname={{ .hostname }}{{ if .nothing }} --ip={{ .nothing }}{{ end }}
{{/* the packages
     of this machine */ -}}
%packages
{{- range .list }}
{{ . }}
{{- end }}
%end
`,
  "{{.name}}\r\n{{- `raw\r\nstring` }}\r\n",
  "{{if .yes\n}}a{{\nend\n}}",
  "\ufeff{{.name}}\u00e9",
];

/** Templates of the subset, or nearly: in one of ten something is out of place. The same for the same seed. */
export function randomTemplates(seed: number, count: number): readonly string[] {
  // mulberry32
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: count }, () => randomTemplate(next));
}

function randomTemplate(next: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const chance = (share: number) => next() < share;
  let names: string[] = [];

  const literal = () =>
    pick([
      "0",
      "1",
      "-2",
      "3",
      "1.5",
      "2.0",
      '"a"',
      '"node-1"',
      '"é"',
      "`r`",
      "true",
      "false",
      "'x'",
      "nil",
      '""',
    ]);
  const path = () =>
    pick([
      ".",
      "$",
      ...[
        "name",
        "port",
        "yes",
        "no",
        "nothing",
        "list",
        "map",
        "nodes",
        "deep",
        "mixed",
        "numbers",
        "empty",
        "half",
      ].flatMap((key) => [`.${key}`, `$.${key}`]),
      ".deep.er.est",
      ".deep.er",
      ".request.query",
      ".unicode",
      ".html",
      ".ip",
      ".missing",
      ...names,
      ...names,
      ...names,
    ]);
  const format = () =>
    Array.from({ length: 1 + Math.floor(next() * 3) }, () => {
      const verb = pick([..."vvsqdtxXfegco"]);
      const flags = "dfeg".includes(verb) ? pick(["", "", "-", "+", "0", " "]) : pick(["", "", "-"]);
      return `${pick(["", "a", " "])}%${flags}${pick(["", "", "3", "8"])}${pick(["", "", "", ".2", ".0"])}${verb}`;
    }).join("");

  function operand(depth: number): string {
    if (chance(0.25)) return literal();
    if (depth > 0 && chance(0.3)) return `(${pipeline(depth - 1)})${chance(0.1) ? ".name" : ""}`;
    return path();
  }

  function command(depth: number): string {
    const one = () => operand(depth);
    return pick([
      one,
      one,
      one,
      () => `${pick(["eq", "ne", "lt", "le", "gt", "ge"])} ${one()} ${one()}`,
      () => `${pick(["and", "or"])} ${one()} ${one()} ${one()}`,
      () => `${pick(["not", "len"])} ${one()}`,
      () =>
        `index ${pick([".list", ".map", ".nodes", ".mixed", ".request.query"])} ${pick(["0", "1", '"a"', one()])}`,
      () => `slice ${pick([".name", ".list", "$.name", one()])} ${pick(["0", "1", "1 2", "0 1"])}`,
      () => `${pick(["print", "println", "html", "js", "urlquery"])} ${one()} ${one()}`,
      () => `printf "${format()}" ${one()} ${one()}`,
    ])();
  }

  function pipeline(depth: number): string {
    const first = command(depth);
    if (!chance(0.2)) return first;
    return `${first} | ${pick(["print", "len", "html", "js", "urlquery", "not", 'printf "%v"', "and .yes", "or .no", 'eq "a"'])}`;
  }

  const open = () => pick(["{{", "{{", "{{", "{{ ", "{{- ", "{{/* c */}}{{"]);
  const close = () => pick(["}}", "}}", "}}", " }}", " -}}"]);
  const action = (inner: string) => `${open()}${inner}${close()}`;

  function block(depth: number): string {
    const outer = names;
    const made = Array.from({ length: 1 + Math.floor(next() * 3) }, () => node(depth)).join(
      pick(["", " ", "\n", " x "]),
    );
    names = outer;
    return made;
  }

  function node(depth: number): string {
    const simple = [
      () => action(pipeline(2)),
      () => action(pipeline(1)),
      () => pick(["text", " ", "\n ", "{", "}"]),
      () => {
        const name = pick(["$a", "$b"]);
        const made = action(`${name} := ${pipeline(1)}`);
        names = [...names, name];
        return made;
      },
      () => (names.length > 0 ? action(`${pick(names)} = ${pipeline(1)}`) : ""),
    ];
    if (depth === 0) return pick(simple)();
    const end = () => action("end");
    const otherwise = () => (chance(0.4) ? `${action("else")}${block(depth - 1)}` : "");
    return pick([
      ...simple,
      () => `${action(`if ${pipeline(2)}`)}${block(depth - 1)}${otherwise()}${end()}`,
      () =>
        `${action(`if ${pipeline(1)}`)}${block(depth - 1)}${action(`else if ${pipeline(1)}`)}${block(depth - 1)}${otherwise()}${end()}`,
      () => `${action(`with ${pipeline(1)}`)}${block(depth - 1)}${otherwise()}${end()}`,
      () => {
        const over = pick([
          ".list",
          "$.list",
          "$.map",
          "$.nodes",
          "$.mixed",
          ".none",
          "2",
          "$.request.query",
          path(),
        ]);
        const outer = names;
        const variables = pick(["", "$a := ", "$i, $v := "]);
        if (variables !== "") names = [...names, ...(variables.includes("$i") ? ["$i", "$v"] : ["$a"])];
        const leave = chance(0.2) ? action(pick(["break", "continue"])) : "";
        const made = `${action(`range ${variables}${over}`)}${block(depth - 1)}${leave}${otherwise()}${end()}`;
        names = outer;
        return made;
      },
    ])();
  }

  const made = block(3);
  if (!chance(0.1)) return made;
  // Something out of place.
  const at = Math.floor(next() * made.length);
  return (
    made.slice(0, at) +
    pick(["{{", "}}", "(", ")", '"', "|", ".", "$", " ", "", "-", "end", "=", ","]) +
    made.slice(at + 1)
  );
}
