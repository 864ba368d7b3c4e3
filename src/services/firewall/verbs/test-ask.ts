/** Rule: test ask — asks the firewall's verbs as a request would, for tests only. */
import type { View } from '../../../crdt/view.ts';
import { askingOf } from '../../test-ask.ts';
import { memberOf } from '../../test-view.ts';
import { viewOf } from '../test-policy.ts';
import { firewallVerbs } from './verbs.ts';

/** Three members: vm1 alone, vm2 and vm3 with `role=web`. */
export const threeMembers = (): View =>
  viewOf([memberOf(1), memberOf(2, { role: 'web' }), memberOf(3, { role: 'web' })], {});

export const { ask, refusalOf, after } = askingOf(() => firewallVerbs.verbs);
