package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// halfway moves the first message and loses the connection at the second.
type halfway struct{ recorder }

func (h *halfway) Move(_ context.Context, ids []provider.MessageID, _ provider.FolderID) ([]provider.Outcome, error) {
	return []provider.Outcome{{ID: ids[0], NewID: h.id("2.1")}}, &provider.Error{Code: provider.Unavailable, Err: errors.New("connection lost")}
}

// TestHalfABatch: what is known of a batch that broke off is answered, and the
// rest is uncertain.
func TestHalfABatch(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	acct, err := provider.Open(&halfway{recorder{account: "dm", caps: provider.AllCaps()}})
	if err != nil {
		t.Fatal(err)
	}
	caller.Accounts[0].Mail = acct
	res, err := reg.Call(context.Background(), caller, "move_message", json.RawMessage(`{"ids":["dm-1.1","dm-1.2"],"to":"archive"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out changeOut
	if err := json.Unmarshal(res.JSON, &out); err != nil {
		t.Fatal(err)
	}
	if out.Done != 1 || len(out.Items) != 2 || out.Items[0].NewID != "dm-2.1" || out.Items[1].Code != Uncertain {
		t.Errorf("%s", res.JSON)
	}
}

func TestAttachmentBudget(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	_, err := callSend(t, reg, caller, `{"to":["bob@example.com"],"body":"x","confirm_send":true,"attachments":[{"handle":"dm-1.1:9"},{"handle":"dm-1.1:2"}]}`)
	if asError(err).Code != TooLarge || len(backends["dm"].sent) != 0 {
		t.Errorf("%v", err)
	}
}
