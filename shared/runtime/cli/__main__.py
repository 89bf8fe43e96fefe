"""`python -m shared.runtime.cli`: how `okr up` starts its own processes."""

from shared.runtime.cli.program import main

if __name__ == "__main__":
    main()
