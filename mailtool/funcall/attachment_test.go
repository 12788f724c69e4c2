package funcall_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// TestAttachedImage: an image in a mail reaches the model as one, where its API
// takes images in results.
func TestAttachedImage(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	letter := "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: A picture\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee it.\r\n" +
		"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=cat.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(picture.Bytes()) + "\r\n--b--\r\n"
	box, err := memmail.New(memmail.Options{Account: "bob", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	id, err := box.Deliver("INBOX", []byte(letter), memmail.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mail.Close() })
	caller := owner(t)
	caller.Accounts = []mailtool.Account{{ID: "bob", Mail: mail}}
	reg := registry(t, mailtool.Neutral()...)
	for _, api := range apis() {
		f := functions(t, api, reg, nil)
		read := unwrap(t, api, f.Call(t.Context(), caller, wrap(api, "c1", "read_message", fmt.Sprintf(`{"ids":[%q]}`, id))).JSON)
		var answer struct {
			Messages []struct{ Attachments []struct{ Handle string } }
		}
		if err := json.Unmarshal([]byte(read.text), &answer); err != nil || len(answer.Messages) != 1 || len(answer.Messages[0].Attachments) != 1 {
			t.Fatalf("%s: %s: %v", api, read.text, err)
		}
		handle := answer.Messages[0].Attachments[0].Handle
		got := f.Call(t.Context(), caller, wrap(api, "c2", "get_attachment", fmt.Sprintf(`{"handle":%q}`, handle)))
		u := unwrap(t, api, got.JSON)
		if api == funcall.OpenAIChat {
			if got.Failure != nil || len(u.files) != 0 || len(got.LeftOut) != 1 || !bytes.Equal(got.LeftOut[0].Data, picture.Bytes()) || !strings.Contains(u.text, "files_left_out") {
				t.Errorf("%s: %s, %v", api, got.JSON, got.Failure)
			}
		} else if got.Failure != nil || fmt.Sprint(u.files) != "[image/png]" || len(got.LeftOut) != 0 {
			t.Errorf("%s: %s, %v", api, got.JSON, got.Failure)
		}
	}
}
