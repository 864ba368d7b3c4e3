/**
 * Edge: thrift — when a daemon's garbage is collected for size: whenever it is calm.
 */

/** A loop that works so much of the time is busy, and calm again below the other. Unit: share. */
const BUSY_SHARE = 0.5;
const CALM_SHARE = 0.2;
/** Looks in a row that find it calm before it counts as that. */
const CALM_LOOKS = 6;

/**
 * Tells from the share of the time that a loop works whether garbage is collected for size. One
 * that begins is busy.
 */
export function createThrift(): (share: number) => boolean {
  let calmLooks = 0;
  return (share) => {
    if (share > BUSY_SHARE) calmLooks = 0;
    else if (share < CALM_SHARE) calmLooks += 1;
    return calmLooks >= CALM_LOOKS;
  };
}
