package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// notes is a whole backend: it can search, and nothing else.
type notes struct{ subjects []string }

func (notes) Info() provider.Info                  { return provider.Info{Account: "me", Service: "notes"} }
func (notes) Capabilities() provider.CapabilitySet { return provider.Caps(provider.CapSearch) }
func (notes) Close() error                         { return nil }

// listing names what a cursor belongs to: account and question.
func listing(q provider.Query) string { return fmt.Sprintf("me/%q", q.Subject) }

func (n notes) Search(_ context.Context, q provider.Query, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	var page provider.Page[provider.Summary]
	var after string
	if req.After != "" {
		var err error
		if after, err = provider.Resume(req.After, listing(q), "1"); err != nil {
			return page, err
		}
	}
	page.At = func(i int) (provider.Cursor, error) {
		return provider.Place{Listing: listing(q), Epoch: "1", Key: page.Items[i].Subject}.Cursor()
	}
	for _, s := range n.subjects {
		if s <= after || !strings.Contains(s, strings.Join(q.Subject, " ")) {
			continue
		}
		if len(page.Items) == req.Limit {
			var err error
			page.Next, err = page.At(len(page.Items) - 1)
			return page, err
		}
		page.Items = append(page.Items, provider.Summary{ID: provider.NewMessageID("me", provider.ShortHash(s, 6)), Subject: s})
	}
	return page, nil
}

func ExampleOpen() {
	acct, err := provider.Open(notes{subjects: []string{"invoice 1", "invoice 2", "invoice 3", "lunch"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer acct.Close()

	ctx := context.Background()
	page, err := acct.Search(ctx, provider.Query{Subject: []string{"invoice"}}, provider.PageRequest{Limit: 2})
	for _, m := range page.Items {
		fmt.Println(m.ID, m.Subject)
	}
	fmt.Println("more:", page.Next != "", err)

	_, err = acct.Move(ctx, []provider.MessageID{page.Items[0].ID}, "Archive")
	fmt.Println(errors.Is(err, errors.ErrUnsupported), err)
	// Output:
	// me-kzgyf7 invoice 1
	// me-3jsc5m invoice 2
	// more: true <nil>
	// true move: unsupported: this account cannot do that: move
}

func ExampleAll() {
	acct, err := provider.Open(notes{subjects: []string{"invoice 1", "invoice 2", "invoice 3", "lunch"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	search := func(ctx context.Context, req provider.PageRequest) (provider.Page[provider.Summary], error) {
		return acct.Search(ctx, provider.Query{Subject: []string{"invoice"}}, req)
	}
	for m, err := range provider.All(context.Background(), provider.PageRequest{Limit: 2}, search) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Subject)
	}
	// Output:
	// invoice 1
	// invoice 2
	// invoice 3
}

func ExampleAccount_Restrict() {
	acct, err := provider.Open(newFake("me"))
	if err != nil {
		fmt.Println(err)
		return
	}
	readOnly := acct.Restrict(provider.Caps(provider.CapFolders, provider.CapRead, provider.CapSearch))
	fmt.Println(readOnly.Capabilities())
	fmt.Println(readOnly.Restrict(provider.AllCaps()).Capabilities()) // not widened again
	// Output:
	// folders read search
	// folders read search
}

func ExampleCodeOf() {
	var err error = &provider.Error{Op: "move", Code: provider.NotFound, Err: errors.New("no folder \"Work\"")}
	fmt.Println(provider.CodeOf(err), errors.Is(err, provider.NotFound))
	fmt.Println(err)
	// Output:
	// not_found true
	// move: not_found: no folder "Work"
}
