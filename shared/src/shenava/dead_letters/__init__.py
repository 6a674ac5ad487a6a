"""The operator's side of dead letters: look at them, and replay them once the cause is mended.

The consumer loop puts records aside (``kafka/dead_letters.py``); here they are read, shown and fed back. What was
replayed is remembered by a note in the same topic, behind the letter: it needs no other store, it outlives the letter
(retention removes what is older first), and it is written after the replay is acknowledged, so that a crash between
the two costs a repeat, which the inboxes absorb, and never a loss.
"""
