/**
 * Edge: route table — the default routes in the texts that `/proc/net` has of the main table.
 */

/** Flag of a route that refuses instead of carrying, from linux/route.h. */
const RTF_REJECT = 0x200;

/** From `/proc/net/route`: a line of headings, then numbers in hexadecimal. */
export const uplinks4 = (text: string): readonly string[] =>
  rowsOf(text).flatMap(([name = '', destination, , flags = '', , , , mask]) => {
    const isDefault = destination === '00000000' && mask === '00000000';
    return isDefault && carries(flags) ? [name] : [];
  });

/** From `/proc/net/ipv6_route`: no headings, the name last. */
export const uplinks6 = (text: string): readonly string[] =>
  rowsOf(text).flatMap(([destination = '', length, , , , , , , flags = '', name = '']) => {
    const isDefault = /^0{32}$/.test(destination) && length === '00';
    return isDefault && carries(flags) && name !== 'lo' ? [name] : [];
  });

const rowsOf = (text: string): readonly (readonly string[])[] =>
  text.split('\n').map((line) => line.trim().split(/\s+/));

const carries = (flags: string): boolean => (Number.parseInt(flags, 16) & RTF_REJECT) === 0;
