// Package mailtext makes what strangers wrote fit to be shown to a model: HTML becomes text, what a person
// would not see is dropped and counted, long texts are cut at stable places, and bodies are fenced.
//
//	res := mailtext.Body(plain, html, mailtext.Options{})
//	nonce := mailtext.NonceFor(res.Text)
//	shown := mailtext.Fence(nonce, res.Text)
//
// Cleaning is a courtesy to the reader, not a border: whatever passes is still a stranger's words.
// All functions are pure, bounded in time and memory by their input, never panic, and may be called concurrently.
package mailtext
