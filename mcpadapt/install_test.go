package mcpadapt_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mcpadapt"
)

func connect(t testing.TB, s *mcp.Server) *mcp.ClientSession {
	t.Helper()
	near, far := mcp.NewInMemoryTransports()
	ss, err := s.Connect(t.Context(), far, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ss.Close() })
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cs.Close() })
	return cs
}

func TestListAndCall(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	if err := mcpadapt.Install(s, registry(t), mcpadapt.Options{Caller: mcpadapt.Fixed(caller(t, reader("g1")))}); err != nil {
		t.Fatal(err)
	}
	cs := connect(t, s)
	list, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	if diff := cmp.Diff([]string{"list_accounts", "list_folders"}, names); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_folders"})
	if err != nil || res.IsError || len(res.Content) != 1 {
		t.Fatalf("call: %v, %+v", err, res)
	}
}
