/** Rule: gated — how a dial says that whoever was dialled answered, and then cut the dialler. */

/** The `why` of that Fault. Who reads it knows that the holder of the dialled key is there. */
export const LETS_NOT_IN = 'does not let this key in';
