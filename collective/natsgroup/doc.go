// Package natsgroup makes the processes of a job a [collective.Group] over
// NATS.
//
//	g, err := natsgroup.FromEnv(ctx, natsgroup.Options{})
//	if err != nil { … }
//	defer g.Close()
//	md, err := dcp.Save(ctx, url, state, dcp.SaveOptions{Group: g})
//
// [FromEnv] reads what torchrun sets. Rank 0 starts a NATS server inside its
// process, unless [Options] name one that runs already. docs/ranks.md has the
// settings for each launcher, and what happens when something fails.
//
// # How it works
//
// Rank 0 is the hub: every rank tells it what it calls and with what data, and
// when all have called, the hub hands out the results. So all ranks get the same
// verdict about the same call, and no call can mean two things. A call with
// another root than 0 moves its data twice.
//
// The hub and each rank tell each other that they live, once in
// [Options.Heartbeat]; a server tells at once that nobody listens any more where
// a process has died, so that a dead one is noticed after two heartbeats, a
// frozen one after [Options.Silence]. A process that lives but does not call is
// named after [Options.CallTimeout].
//
// NATS forgets a message once it is delivered, so a rank whose connection breaks
// cannot know what it missed: it gives up, and the group is over. Groups are
// cheap: make another.
//
// # Who may join
//
// Every message is sealed (AES-256-GCM) with a key that is made of the job's
// token, so nobody without the token can join, read, or forge; the token itself
// is never sent. The server of rank 0 asks for a signature by another key made
// of it, and lets nobody else in. On a cluster that is shared, who has the same
// NATS account can still disturb a group, by flooding or by claiming that a
// subject has no listeners: give jobs accounts.
package natsgroup
