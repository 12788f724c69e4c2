// Package funcall offers the mail tools to a model over its vendor's API,
// without MCP: as function declarations of OpenAI, Anthropic and Gemini, and by
// a dispatcher that takes the vendor's call objects and gives its result objects.
//
//	functions, err := funcall.New(funcall.OpenAIChat, registry, &funcall.Options{Strict: true})
//	tools, err := functions.Tools(caller)                  // into the request
//	answers := functions.Turn(ctx, caller, calls)          // what the model called
//	for _, answer := range answers { send(answer.JSON) }   // into the next request
//
// Everything is JSON in the form of the vendor's API, so any client library
// takes it. What a caller may do is decided by the registry on every call; what
// a model gets wrong comes back to it as a result that says what to do next. A
// Functions never changes and is safe for concurrent use.
package funcall
