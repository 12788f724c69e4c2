// Package providertest is the conformance suite that every mail backend runs.
//
//	func TestConformance(t *testing.T) {
//		providertest.Run(t, harness{})
//	}
//
// The suite looks at a backend through [provider.Account], as tools do: what it
// reports must work, what it does not report must fail cleanly, and nothing may
// be lost, doubled or changed that nobody named. A [Harness] makes empty
// backends and puts known mail into them. What else it can do (look at flags
// from outside, rebuild a folder, show what was sent) it offers by implementing
// [FlagViewer], [Rebuilder], [Outbox] and [Refuser]; checks that need one of them
// are skipped without it. A [Remainer] tells of a server on which moved messages
// leave their originals behind.
//
// A backend that cannot meet a check names it in an [Exception]. An exception
// that is not needed is a failure too, so the list only shrinks.
package providertest
