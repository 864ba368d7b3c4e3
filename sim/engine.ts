/**
 * Edge: engine — how Node runs the simulator.
 *
 * A storm runs much code, each part of it a few times: plain machine code of all of it is worth
 * more than good code of some of it later, and it is not thrown away between two seeds. What runs
 * again and again is compiled well after a quarter of the calls that a longer program is left; to
 * compile it best of all takes more than that ever gives back.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--always-sparkplug');
setFlagsFromString('--no-flush-bytecode');
setFlagsFromString('--invocation-count-for-maglev=100');
setFlagsFromString('--minimum-invocations-after-ic-update=100');
setFlagsFromString('--invocation-count-for-turbofan=100000');
// A young generation that is collected when it is full, and not a fifth before.
setFlagsFromString('--no-minor-gc-task');
