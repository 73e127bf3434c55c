"""The local workspace: a Slack-compatible server for the demo and for every end-to-end test (docs.slack.dev/apis).

`server.Workspace` is the whole of it. The way of a change: a Web API method (`api/`) or something a person does
(`human/`) changes the `State`, which tells its observers: the journal on disk, the log a page follows, the events
for the app.
"""
