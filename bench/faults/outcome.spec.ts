import { expect, it } from 'vitest';
import { outcomeOf } from './outcome.js';

const shot = (sentAt: number, tookMs: number, status: number) => ({
  sentAt,
  completedAt: sentAt + tookMs,
  status,
});

it('counts the requests of the fault, and looks for the recovery after it', () => {
  const before = [shot(0, 1, 401), shot(90, 500, 401)];
  const during = [shot(100, 1, 200), shot(120, 201, 200), shot(140, 200, 401), { sentAt: 160 }];
  const after = [shot(200, 1, 200), shot(220, 1, 503), shot(240, 1, 200), shot(260, 1, 200)];
  expect(outcomeOf([...before, ...during, ...after], 100, 200, 7)).toEqual({
    accepted: 0.5,
    waited: 2,
    incomplete: 1,
    sent: 4,
    fetches: 7,
    recoveryMs: 40,
  });
});

it('has no recovery where every request after the fault was accepted, and none in sight where the last was not', () => {
  expect(outcomeOf([shot(0, 1, 401), shot(10, 1, 200)], 0, 10, 0).recoveryMs).toBe(0);
  expect(outcomeOf([shot(0, 1, 401), shot(10, 1, 200), shot(20, 1, 401)], 0, 10, 0).recoveryMs).toBe(
    Infinity,
  );
});
