complete --keep-order --exclusive --command clearance --arguments "(COMPLETE=fish clearance -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
