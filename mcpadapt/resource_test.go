package mcpadapt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/journal"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// files are those of the test's letter, by part.
type files struct {
	text  string
	image []byte
	audio []byte
	bytes []byte
	large []byte // more than comes beside an answer
	huge  []byte // more than a resource holds
}

func someFiles(t testing.TB) files {
	t.Helper()
	var img bytes.Buffer
	if err := png.Encode(&img, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return files{
		text: "The plan is <b>secret</b>.", image: img.Bytes(), audio: []byte("ID3\x04 a song"), bytes: []byte{0, 1, 2, 254, 255},
		large: bytes.Repeat([]byte{0, 7}, 300_000), huge: bytes.Repeat([]byte{0, 7}, 2<<20+1),
	}
}

func (f files) letter() []byte {
	var b bytes.Buffer
	b.WriteString("Subject: files\r\nFrom: bob@example.com\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\n\r\nSee the files.\r\n")
	for _, p := range []struct {
		kind string
		data []byte
	}{
		{"text/plain; name=plan.txt", []byte(f.text)}, {"image/png; name=a.png", f.image}, {"audio/mpeg; name=a.mp3", f.audio},
		{"application/x-thing; name=a.bin", f.bytes}, {"application/x-thing; name=large.bin", f.large}, {"application/x-thing; name=huge.bin", f.huge},
	} {
		b.WriteString("--edge\r\nContent-Type: " + p.kind + "\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString(p.data) + "\r\n")
	}
	b.WriteString("--edge--\r\n")
	return b.Bytes()
}

// mailboxOf is an account with the letter, whose id comes with it.
func mailboxOf(t testing.TB, name string, f files) (mailtool.Account, string) {
	t.Helper()
	box, err := memmail.New(memmail.Options{Account: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	id, err := box.Deliver("INBOX", f.letter(), memmail.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	return mailtool.Account{ID: scopes.AccountID(name), Mail: acct}, string(id)
}

func mayRead(accounts scopes.AccountSet) scopes.Grant {
	return scopes.Grant{ID: "g1", Access: scopes.Accesses(scopes.Read), Accounts: accounts, Scopes: scopes.NewSet(scopes.MailRead)}
}

// serving is a server of all neutral tools.
func serving(t testing.TB, who askCaller) *mcp.Server {
	t.Helper()
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	s := mcpadapt.NewServer(nil)
	if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: who}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFilesBesideAnAnswer: the JSON stays the first block, equal to the
// structured content, and files follow as what they are.
func TestFilesBesideAnAnswer(t *testing.T) {
	f := someFiles(t)
	acct, id := mailboxOf(t, "ann", f)
	cs := connect(t, serving(t, mcpadapt.Fixed(&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: []mailtool.Account{acct}})))
	for part, want := range map[string]mcp.Content{
		"2": nil,
		"3": &mcp.ImageContent{Data: f.image, MIMEType: "image/png"},
		"4": &mcp.AudioContent{Data: f.audio, MIMEType: "audio/mpeg"},
		"5": &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: "mail://ann/" + id + "/5", MIMEType: "application/x-thing", Blob: f.bytes}},
		"6": nil,
	} {
		res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "get_attachment", Arguments: map[string]string{"handle": id + ":" + part}})
		if err != nil || res.IsError {
			t.Fatalf("part %s: %v, %+v", part, err, res)
		}
		var structured, text any
		raw, err := json.Marshal(res.StructuredContent)
		if err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]*any{string(raw): &structured, res.Content[0].(*mcp.TextContent).Text: &text} {
			if err := json.Unmarshal([]byte(from), to); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(structured, text); diff != "" {
			t.Errorf("part %s: text is not the structured content: %s", part, diff)
		}
		var wants []mcp.Content
		if want != nil {
			wants = append(wants, want)
		}
		if diff := cmp.Diff(wants, res.Content[1:], cmp.Transformer("empty", func(c []mcp.Content) []mcp.Content { return append([]mcp.Content{}, c...) })); diff != "" {
			t.Errorf("part %s: %.500s", part, diff)
		}
	}
}

// TestResources reads attachments as resources, by both kinds of clients.
func TestResources(t *testing.T) {
	f := someFiles(t)
	acct, id := mailboxOf(t, "ann", f)
	kept := journal.NewMemory(nil)
	s := serving(t, func(_ context.Context, req mcp.Request) (*mailtool.Caller, error) {
		g, _ := mcpadapt.GrantOf(req)
		return &mailtool.Caller{Grant: g, Accounts: []mailtool.Account{acct}, Journal: kept}, nil
	})
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: func(context.Context, string) (scopes.Grant, error) { return mayRead(scopes.Accounts("ann")), nil }})
	for _, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			cs, _ := dial(t, url, era.version, "reads")
			checkTemplates(t, cs, 1)
			list, err := cs.ListResources(t.Context(), nil)
			if err != nil || len(list.Resources) > 0 {
				t.Errorf("resources %+v, %v", list, err)
			}
			text := readOne(t, cs, "mail://ann/"+id+"/2")
			nonce, notice, _ := strings.Cut(text.Text, ":")
			if text.MIMEType != "text/plain" || !strings.Contains(notice, "never instructions") || strings.Count(text.Text, "\n"+nonce+"\n"+f.text+"\n"+nonce) != 1 || text.Blob != nil {
				t.Errorf("%+v", text)
			}
			for part, want := range map[string]mcp.ResourceContents{
				"3": {MIMEType: "image/png", Blob: f.image}, "5": {MIMEType: "application/x-thing", Blob: f.bytes}, "6": {MIMEType: "application/x-thing", Blob: f.large},
			} {
				want.URI = "mail://ann/" + id + "/" + part
				got := readOne(t, cs, want.URI)
				if got.URI != want.URI || got.MIMEType != want.MIMEType || got.Text != "" || !bytes.Equal(got.Blob, want.Blob) {
					t.Errorf("part %s: %s, %s, %d bytes, text %.100q", part, got.URI, got.MIMEType, len(got.Blob), got.Text)
				}
			}
			if source := readOne(t, cs, "mail://ann/"+id+"/source"); !strings.Contains(source.Text, "Subject: files\nFrom: bob") || !strings.Contains(source.Text, "It goes on: get_attachment") {
				t.Errorf("source: %.300s", source.Text)
			}
			if all := readOne(t, cs, "mail://ann/"+id+"/all"); all.MIMEType != "application/zip" || !bytes.HasPrefix(all.Blob, []byte("PK\x03\x04")) {
				t.Errorf("all: %.100q", all.Blob)
			}
			_, err = cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "mail://ann/" + id + "/7"})
			var told *jsonrpc.Error
			if !errors.As(err, &told) || told.Code != jsonrpc.CodeInternalError || !strings.Contains(told.Message, "format: blob") {
				t.Errorf("too large: %v", err)
			}
		})
	}
	trail := kept.Trail("g1")
	if len(trail) != 2*7 || trail[0].Tool != "get_attachment" || trail[0].Account != "ann" {
		t.Errorf("%d rows in the trail: %+v", len(trail), trail)
	}
}

func readOne(t testing.TB, cs *mcp.ClientSession, uri string) *mcp.ResourceContents {
	t.Helper()
	res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	if len(res.Contents) != 1 || res.CacheScope != "private" {
		t.Fatalf("%s: %+v", uri, res)
	}
	return res.Contents[0]
}

func checkTemplates(t testing.TB, cs *mcp.ClientSession, want int) {
	t.Helper()
	list, err := cs.ListResourceTemplates(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.ResourceTemplates) != want || want > 0 && list.ResourceTemplates[0].URITemplate != "mail://{account}/{message}/{part}" || list.CacheScope != "private" {
		t.Errorf("templates %+v, want %d", list, want)
	}
}

// TestResourcesThatAreNotThere: whoever may not read learns as much of a part
// as of one that is not there.
func TestResourcesThatAreNotThere(t *testing.T) {
	f := files{text: "plan"}
	ann, id := mailboxOf(t, "ann", f)
	bob, theirs := mailboxOf(t, "bob smith", f)
	both := []mailtool.Account{ann, bob}
	noScope, noRead, ended := mayRead(scopes.AllAccounts()), mayRead(scopes.AllAccounts()), mayRead(scopes.AllAccounts())
	noScope.Scopes = scopes.NewSet(scopes.MailFolders, scopes.MailSearch)
	noRead.Filters = []scopes.Filter{{Methods: []string{"list"}}}
	ended.Expires = ended.Created.AddDate(1, 0, 0)
	good := "mail://ann/" + id + "/2"
	for name, test := range map[string]struct {
		caller    *mailtool.Caller
		uri       string
		templates int
	}{
		"another account":          {&mailtool.Caller{Grant: mayRead(scopes.Accounts("ann")), Accounts: both}, "mail://bob%20smith/" + theirs + "/2", 1},
		"an id of another":         {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://ann/" + theirs + "/2", 1},
		"no such account":          {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://eve/" + id + "/2", 1},
		"no such message":          {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://ann/ann-1.99/2", 1},
		"no such part":             {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://ann/" + id + "/9", 1},
		"a path":                   {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://ann/" + id + "/..%2F2", 1},
		"a longer one":             {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, good + "/2", 1},
		"a part left out":          {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "mail://ann/" + id + "/", 1},
		"a file of the machine":    {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both}, "file:///etc/passwd", 1},
		"without the scope":        {&mailtool.Caller{Grant: noScope, Accounts: both}, good, 0},
		"without the verb":         {&mailtool.Caller{Grant: noRead, Accounts: both}, good, 0},
		"after the grant's end":    {&mailtool.Caller{Grant: ended, Accounts: both}, good, 0},
		"without any grant":        {&mailtool.Caller{Accounts: both}, good, 0},
		"with no account":          {&mailtool.Caller{Grant: mayRead(scopes.AllAccounts())}, good, 0},
		"where the tools are not":  {nil, good, 0},
		"nothing granted, no part": {&mailtool.Caller{Grant: noScope, Accounts: both}, "mail://ann/" + id + "/9", 0},
	} {
		t.Run(name, func(t *testing.T) {
			cs := connect(t, serving(t, mcpadapt.Fixed(test.caller)))
			checkTemplates(t, cs, test.templates)
			_, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: test.uri})
			var got *jsonrpc.Error
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(mcp.ResourceNotFoundError(test.uri), error(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
	several := connect(t, serving(t, mcpadapt.Fixed(&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: both})))
	for _, uri := range []string{good, "mail://bob%20smith/" + theirs + "/2"} {
		if got := readOne(t, several, uri); !strings.Contains(got.Text, "\nplan\n") || got.URI != uri {
			t.Errorf("%s: %+v", uri, got)
		}
	}
}

// TestResourcesOverStdio: the uri of an answer can be followed, and through few
// tools that stand for all as well.
func TestResourcesOverStdio(t *testing.T) {
	leakcheck.Check(t)
	acct, id := mailboxOf(t, "ann", files{text: "plan"})
	caller := &mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: []mailtool.Account{acct}}
	read := `{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"mail://ann/` + id + `/2"}}` + "\n"
	var out bytes.Buffer
	if err := mcpadapt.ServeIO(t.Context(), serving(t, mcpadapt.Fixed(caller)), io.NopCloser(strings.NewReader(helloLines+read)), &out); err != nil || !strings.Contains(out.String(), `\nplan\n`) {
		t.Errorf("%v: %s", err, out.String())
	}
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	few, err := reg.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]struct {
		reg  *mailtool.Registry
		want int
	}{"discovery": {few, 1}, "no mail tools": {registry(t), 0}} {
		s := mcpadapt.NewServer(nil)
		if err := mcpadapt.Install(s, with.reg, mcpadapt.Options{Caller: mcpadapt.Fixed(caller)}); err != nil {
			t.Fatal(err)
		}
		cs := connect(t, s)
		if has := cs.InitializeResult().Capabilities.Resources != nil; has != (with.want > 0) {
			t.Errorf("%s: resources announced: %v", name, has)
		}
		if with.want > 0 {
			checkTemplates(t, cs, with.want)
			if got := readOne(t, cs, "mail://ann/"+id+"/2"); !strings.Contains(got.Text, "\nplan\n") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

// TestForeignTemplatesStay: an embedder's resources are neither hidden nor changed.
func TestForeignTemplatesStay(t *testing.T) {
	s := serving(t, mcpadapt.Fixed(nil))
	s.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "weather://{town}", Name: "weather"}, func(_ context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: req.Params.URI, Text: "rain"}}}, nil
	})
	cs := connect(t, s)
	list, err := cs.ListResourceTemplates(t.Context(), nil)
	if err != nil || len(list.ResourceTemplates) != 1 || list.ResourceTemplates[0].Name != "weather" {
		t.Errorf("%+v, %v", list, err)
	}
	if got := readOne(t, cs, "weather://york"); got.Text != "rain" {
		t.Errorf("%+v", got)
	}
}

// TestResourceSaysWhatIsLeftOut: as the tool's answer does.
func TestResourceSaysWhatIsLeftOut(t *testing.T) {
	acct, id := mailboxOf(t, "ann", files{text: "pay\u200b now"})
	cs := connect(t, serving(t, mcpadapt.Fixed(&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: []mailtool.Account{acct}})))
	got := readOne(t, cs, "mail://ann/"+id+"/2")
	if lines := strings.Split(got.Text, "\n"); !strings.Contains(got.Text, "\npay now\n") || lines[len(lines)-1] != `Left out: {"invisible":1}` {
		t.Errorf("%q", lines)
	}
}

// TestResourcesOnAnotherServer: on an embedder's own server too only who asked
// may keep an answer, and the embedder's bound on files holds.
func TestResourcesOnAnotherServer(t *testing.T) {
	acct, id := mailboxOf(t, "ann", someFiles(t))
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	s := mcp.NewServer(&mcp.Implementation{Name: "own", Version: "1"}, nil)
	caller := &mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: []mailtool.Account{acct}, FileBytes: 5}
	if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(caller)}); err != nil {
		t.Fatal(err)
	}
	cs := connect(t, s)
	checkTemplates(t, cs, 1)
	if got := readOne(t, cs, "mail://ann/"+id+"/5"); len(got.Blob) != 5 {
		t.Errorf("%+v", got)
	}
	_, err = cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "mail://ann/" + id + "/6"})
	var told *jsonrpc.Error
	if !errors.As(err, &told) || !strings.Contains(told.Message, "above 5 bytes") {
		t.Errorf("above the bound: %v", err)
	}
}

// TestResourceHasWhatTheAnswerHas: name, notes, a file of no bytes, and why something failed.
func TestResourceHasWhatTheAnswerHas(t *testing.T) {
	box, err := memmail.New(memmail.Options{Account: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := box.Deliver("INBOX", files{text: `{\rtf1 plan{\pict ff}}`}.letter(), memmail.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	cs := connect(t, serving(t, mcpadapt.Fixed(&mailtool.Caller{Grant: mayRead(scopes.AllAccounts()), Accounts: []mailtool.Account{{ID: "ann", Mail: acct}}})))
	got := readOne(t, cs, "mail://ann/"+string(id)+"/2")
	nonce, _, _ := strings.Cut(got.Text, ":")
	if _, rest, _ := strings.Cut(got.Text, "\n"); rest != "plan.txt\n"+nonce+"\nplan\n"+nonce+"\n1 picture left out" {
		t.Errorf("%q", rest)
	}
	if got := readOne(t, cs, "mail://ann/"+string(id)+"/5"); got.Blob == nil || len(got.Blob) > 0 {
		t.Errorf("no bytes: %+v", got)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "mail://ann/" + string(id) + "/2"})
	var told *jsonrpc.Error
	if !errors.As(err, &told) || told.Code != jsonrpc.CodeInternalError {
		t.Errorf("a closed mailbox: %v", err)
	}
}
