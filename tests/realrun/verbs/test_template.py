"""Templates of `--format`: what is expected is what Docker's own client prints for the same."""

from __future__ import annotations

import pytest

from realrun.console.gowords import TemplateError
from realrun.console.template import Template
from realrun.verbs.inspect import structured

DATA = {
    "Name": "/c3",
    "Args": ["a", "b c"],
    "State": {"Status": "running", "Running": True, "Pid": 12, "Error": ""},
    "HostConfig": {"Memory": 64, "CapDrop": None, "PidsLimit": None, "NetworkMode": "none"},
    "Config": {"Labels": {"x": "y", "a.b": "<&>"}, "Entrypoint": None, "Volumes": None},
    "Mounts": [{"Type": "bind", "RW": True}, {"Type": "volume", "RW": False}],
    "NetworkSettings": {"Ports": {}},
}
FIELDS = [
    ("{{.State.Status}}-{{.State.Running}}-{{.State.Pid}}", "running-true-12"),
    ("{{.Args}} {{.Config.Labels}}", "[a b c] map[a.b:<&> x:y]"),
    ("{{.Config.Labels.x}} {{.Config.Labels.z}}", "y <no value>"),
    ("{{.Config.Labels.z.w}}", "<no value>"),
    ('{{index .Config.Labels "a.b"}}|{{index .Config.Labels "z"}}|', "<&>||"),
    ("{{.Config.Entrypoint}} {{.Config.Volumes}} {{.HostConfig.PidsLimit}}", "[] map[] <nil>"),
    ("{{.State.Health}}{{if .State.Health}}x{{end}}", "<nil>"),
    ("{{.HostConfig.Tmpfs}}|{{.Config.StopSignal}}|", "map[]||"),
    ("{{(index .Mounts 1).Type}} {{index .Args 0}}", "volume a"),
    ("{{.State}}", "{running true 12 }"),
    ("{{with .State}}{{$.Name}} {{.Status}}{{end}}", "/c3 running"),
]
BLOCKS = [
    ("{{range .Args}}<{{.}}>{{end}}", "<a><b c>"),
    ("{{range $i, $a := .Args}}{{if $i}}, {{end}}{{$i}}={{$a}}{{end}}", "0=a, 1=b c"),
    ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a.b=<&>;x=y;"),
    ("{{range $p, $c := .NetworkSettings.Ports}}x{{else}}none{{end}}", "none"),
    ("{{range .Args}}{{if eq . `b c`}}{{break}}{{end}}{{.}}{{end}}", "a"),
    ("{{range .Args}}{{if eq . `a`}}{{continue}}{{end}}{{.}}{{end}}", "b c"),
    ("{{if .State.Running}}yes{{else}}no{{end}}", "yes"),
    ('{{if eq .Name "x"}}1{{else if eq .Name "/c3"}}2{{else}}3{{end}}', "2"),
    ("{{if .State.Error}}1{{else if .State.Pid}}{{if false}}2{{end}}3{{end}}4", "34"),
    ("{{with .Config.Entrypoint}}has{{else}}none{{end}}", "none"),
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"),
    ("a{{if true}} b {{- else}} c {{end -}}  d", "a bd"),
    ("{{/* nothing */}}x {{- /* nothing */ -}} y {{- ` z` }}", "xy z"),
    ("{{-3}} {{- 3}}", "-33"),
    ("{{range .Mounts}}{{.Type}}{{println}}{{end}}", "bind\nvolume\n"),
]
FUNCTIONS = [
    ("{{json .Config}}", '{"Labels":{"a.b":"<&>","x":"y"},"Entrypoint":null,"Volumes":null}'),
    ("{{.Args | json}} {{json .HostConfig.CapDrop}}", '["a","b c"] null'),
    ("{{join .Args `,`}} {{split .Name `c`}} {{len .Args}} {{len `é`}}", "a,b c [/ 3] 2 2"),
    ('{{.Name | upper | printf "%s!"}}{{lower "AB"}}{{title "hello wORLD x-y"}}',
     "/C3!abHello WORLD X-Y"),
    ('{{pad "x" 2 3}}|{{pad "" 2 3}}|{{truncate "abcdef" 3}}|{{slice .Name 1}}', "  x   ||abc|c3"),
    ('{{println "a" 1 true}}{{print 1 2 "a" "b" 3 4}}', "a 1 true\n1 2ab3 4"),
    ('{{printf "%5.1f|%-5s|%5s|%05d|%q|%t|%x|%c|%v|%%" 1.5 "a" "b" 7 "q" true 255 65 .Args}}',
     '  1.5|a    |    b|00007|"q"|true|ff|A|[a b c]|%'),
    ('{{printf "%s" 5}} {{printf "%d" "x"}} {{printf "%d"}} {{printf "a" 1}}',
     "%!s(int=5) %!d(string=x) %!d(MISSING) a%!(EXTRA int=1)"),
    ('{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}} {{eq .State.Pid "x"}}',
     "true true true true true false"),
    ('{{and 1 0 3}} {{or "" "b" "c"}} {{not .State.Running}} {{and .State.Error .Nope}}|',
     "0 b false |"),
    ('{{if and .State.Running (eq .Name "/c3") (not (eq .State.Pid 1))}}x{{end}}', "x"),
    ('{{"a\\tb\\x41\\u00e9\\101\\"\\\\"}} {{`raw\\t`}}', 'a\tbAéA"\\ raw\\t'),
    ("{{1.5}} {{1000000.0}} {{0x10}} {{true}}", "1.5 1e+06 16 true"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*FIELDS, *BLOCKS, *FUNCTIONS])
def test_a_template_writes_what_go_writes(text, expected):
    assert Template(text)(structured(DATA)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{.Nope}}", ".Nope: there is no such field; there are Name, Args, State"),
        ("{{.State.Nope}}", "there are Status, Running, Pid, Error"),
        ("{{.Name.X}}", ".X: '/c3' has no fields"),
        ("{{.Name 1}}", "'/c3' is no function"),
        ("{{nope .Name}}", "'nope' is no function; there are and, eq"),
        ("{{.Name", "}} is missing behind '{{.Name'"),
        ("{{.Name ? }}", "'? }}' makes no sense"),
        ("{{if .Name}}a", "{{if}} lacks its {{end}}"),
        ("{{if .Name}}a{{else}}b{{else}}c{{end}}", "{{if}} lacks its {{end}}"),
        ("{{end}}", "{{end}} has nothing that it belongs to"),
        ("{{if}}x{{end}}", "a value is missing"),
        ("{{.Name | }}", "a value is missing"),
        ("{{(.Name}}", ") is missing"),
        ("{{.Name)}}", "')' is too much"),
        ("{{break}}", "break belongs into a range"),
        ("{{$x}}", "there is no variable $x"),
        ("{{.x := 1}}", "there are one or two variables"),
        ("{{$a, $b := .Args}}", "two variables at once belong into a range"),
        ('{{template "x"}}', "template is not known here"),
        ("{{index .Args 5}}", "there is no 5 in a list of 2"),
        ("{{index .Name `x`}}", "'/c3' has no 'x'"),
        ("{{slice .Name 2 1}}", "from 2 to 1 does not lie in 3"),
        ("{{json}}", "json takes 1 values; got 0"),
        ("{{join .Name `,`}}", "join cannot take '/c3'"),
        ("{{join .Mounts `,`}}", "join: wants a list of texts"),
        ("{{truncate .Name true}}", "truncate cannot take 'true'"),
        ("{{and}}", "and takes 1 or more values; got 0"),
        ("{{eq .Args .Args}}", "[a b c] cannot be compared"),
        ("{{lt 1 `x`}}", "'1' and 'x' have no order"),
        ("{{range .State}}x{{end}}", "range cannot go over"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(text, said):
    with pytest.raises(TemplateError) as caught:
        Template(text)(structured(DATA))
    assert str(caught.value).startswith("--format: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_may_have_methods():
    """`Label` of Docker's lists is one; JSON does not show it."""
    row = structured({"ID": "1"})
    row["Label"] = {"x": "y"}.get
    assert Template('{{.Label "x"}} {{json .}}')(row) == 'y {"ID":"1"}'
    with pytest.raises(TemplateError, match=r"\.Label takes 1 values; got 0"):
        Template("{{.Label}}")(row)


def test_half_a_character_does_not_break_the_output():
    assert Template("{{json .}}")(["\ud800", "\u2028"]) == '["?","\\u2028"]'
