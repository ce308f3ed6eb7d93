def coverage_of(config, tables, trees, target):
    return ()
