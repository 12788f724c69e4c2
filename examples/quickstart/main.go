// Command quickstart shows what an agent sees of a mailbox that it may read and not change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

type answer struct {
	Columns  []string
	Rows     [][]string
	Messages []struct{ Subject, Date, Body string }
}

func main() { show(os.Stdout, memmail.Options{}) }

func show(out io.Writer, opts memmail.Options) {
	sample, err := memmail.NewDemo(opts) // or imapmail.Open: the rest stays as it is
	check(err)
	mail, err := provider.Open(sample)
	check(err)
	defer mail.Close()
	tools, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	check(err)
	readOnly := scopes.Grant{ID: "agent", Accounts: scopes.AllAccounts(), Scopes: scopes.AllScopes(), Access: scopes.Accesses(scopes.Read)}
	agent := &mailtool.Caller{Grant: readOnly, Accounts: []mailtool.Account{{ID: "demo", Mail: mail}}, Now: opts.Now}
	ask := func(tool, args string) (got answer) {
		fmt.Fprintf(out, "\n> %s %s\n\n", tool, args)
		result, err := tools.Call(context.Background(), agent, tool, json.RawMessage(args))
		check(err)
		check(json.Unmarshal(result.JSON, &got))
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{got.Columns}, got.Rows...) {
			fmt.Fprintln(table, strings.Join(row, "\t"))
		}
		check(table.Flush())
		return got
	}
	ask("list_folders", `{}`)
	found := ask("search_messages", `{"query":"has:attachment","limit":5}`)
	message := ask("read_message", fmt.Sprintf(`{"ids":[%q]}`, found.Rows[0][0])).Messages[0]
	fmt.Fprintf(out, "%s\n%s\n\n%s\n", message.Subject, message.Date, message.Body)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
