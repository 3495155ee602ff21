"""As found elsewhere: argparse, lines of text, no checkpoints, epochs from 0; knows nothing of any tuner."""

import argparse
import logging

import helper_of_third_party

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--title", default="")
args = parser.parse_args()
assert args.title == "two words"
logging.basicConfig(level=logging.INFO)
for epoch in range(args.epochs):
    logging.info("epoch %d of %d", epoch, args.epochs)
    print(f"loss {1 / (epoch + 1):.3f} val_acc={helper_of_third_party.accuracy(args.lr, epoch):.4f}, done", flush=True)
