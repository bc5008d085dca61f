"""python -m dicli"""

from dicli.cli import main

if __name__ == "__main__":
    main()
