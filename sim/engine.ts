/**
 * Edge: engine — how Node runs the simulator.
 *
 * A storm runs much code, each part of it a few times: plain machine code of all of it is worth
 * more than good code of some of it later, and it is not thrown away between two seeds. What runs
 * again and again is compiled well after a quarter of the calls that a longer program is left.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--always-sparkplug');
setFlagsFromString('--no-flush-bytecode');
setFlagsFromString('--invocation-count-for-maglev=100');
setFlagsFromString('--minimum-invocations-after-ic-update=100');
