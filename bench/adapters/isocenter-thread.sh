#!/bin/bash
# As isocenter, with a thread in place of a process for each association.
export ISOCENTER_SET="${ISOCENTER_SET:-} isolation=thread"
. "$(dirname "$0")/isocenter.sh"
