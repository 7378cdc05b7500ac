"""What the verbs share: options read, input and output passed on, lists and templates written.

options, wishes, asked, secrets   what was asked for on the command line
contexts, incoming, sinks         what comes in, where output goes
each, progress                    several at once; what is going on meanwhile
listing, filters                  tables as Docker prints them, and what they leave out
template, templatenodes, gowords  Go templates of `--format`
"""
