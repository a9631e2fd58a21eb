#!/bin/bash
# As isocenter, without syncing anything: for the comparison with servers that do not.
export DURABILITY="none (sync = none)"
export ISOCENTER_SET="${ISOCENTER_SET:-} storage-scp.sync=none"
. "$(dirname "$0")/isocenter.sh"
