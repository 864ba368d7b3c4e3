/**
 * Loop: call golden — the exact bytes of what loops ask other members by themselves, as version 1
 * writes them.
 *
 * A test that fails here has found a break of the format: change the code back, or make a new
 * version of the format; never these lines.
 */

/** Hex. */
export const GOLDEN_CALLS = {
  call: {
    question: 'a361760164706f727416647761797382676f75747369646566696e73696465',
    answer: 'a361760166696e736964656673696c656e74676f75747369646568616e737765726564',
  },
  vantage: {
    question: '01',
    answer: 'a261760164686f7374693139322e302e322e37',
  },
  reach: {
    wish: 'a364686f73746931302e31302e302e3264706f72741901bb6870726f746f636f6c63746370',
    answer: 'a167726561636865646673696c656e74',
  },
} as const;
