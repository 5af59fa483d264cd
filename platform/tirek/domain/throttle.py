"""Slow down guessing without locking anybody out: token buckets as pure arithmetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket that holds `capacity` failures and regains one each `refill_seconds`."""

    capacity: int
    refill_seconds: float

    def tokens_after(self, tokens: float, idle_seconds: float) -> float:
        """What the bucket holds after `idle_seconds` (never more than its capacity)."""
        return min(float(self.capacity), tokens + max(0.0, idle_seconds) / self.refill_seconds)

    def wait_seconds(self, tokens: float) -> float:
        """How long until one more try is allowed; 0 when it is allowed now."""
        return 0.0 if tokens >= 1 else (1 - tokens) * self.refill_seconds


# A child who mistypes: eight quick tries, then one each 10 s.
CODE_BY_DEVICE = Limit(8, 10)
# A school is one network address: a class may mistype at once, a guesser gets 240 an hour.
CODE_BY_NETWORK = Limit(60, 15)
# The whole site: 3,600 wrong codes an hour keep a guess unlikely (referrals-security §5.2).
CODE_BY_SITE = Limit(2000, 1)
# Adults' passwords, by login name and by network.
LOGIN_BY_NAME = Limit(6, 20)
LOGIN_BY_NETWORK = Limit(60, 10)
# Machines that bring receipts: a burst after an outage, then ten a second for each of them.
API_BY_CALLER = Limit(1200, 0.1)
# Whoever shows no valid token: as slow as a guesser of passwords.
API_BY_NETWORK = Limit(60, 10)
# A new account, counted for each address: whoever mistypes twice may, a flood of mail may not.
REGISTER_BY_NAME = Limit(3, 1200)
# A parents' evening behind one network address, then three accounts a minute.
REGISTER_BY_NETWORK = Limit(60, 20)
# The whole site: what a region's schools need on one evening, never a million rows.
REGISTER_BY_SITE = Limit(3000, 1)
# Links sent to one address: three, then one each ten minutes.
ERRAND_BY_NAME = Limit(3, 600)
# Whoever checks certificates by hand mistypes; a guesser gets 360 an hour of 2^55.
CERTIFICATE_BY_NETWORK = Limit(40, 10)
