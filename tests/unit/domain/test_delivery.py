from datetime import timedelta

import pytest

from tirek.domain.delivery import (
    REFUSED_WAIT,
    RETRIES,
    STUCK_WAIT,
    Channel,
    DeliveryResult,
    ReceiptStatus,
    is_receipt,
    is_stuck,
    second_channel_after,
    wait_after,
)
from tirek.domain.levels import Level


@pytest.mark.parametrize("channel", Channel)
def test_the_first_repeat_is_at_once_and_later_ones_never_wait_long(channel: Channel):
    waits = [wait_after(attempts, channel) for attempts in range(1, 200)]
    assert waits[0] == timedelta()
    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(minutes=10)


@pytest.mark.parametrize("channel", Channel)
def test_somebody_must_look_within_an_hour_of_trying_in_vain(channel: Channel):
    spent = timedelta()
    attempts = 1
    while not is_stuck(attempts, channel):
        spent += wait_after(attempts, channel)
        attempts += 1
    assert attempts == RETRIES[channel].stuck_after
    assert timedelta(minutes=5) <= spent <= timedelta(hours=1)
    assert wait_after(attempts, channel) == STUCK_WAIT


def test_an_sms_calls_for_a_person_first():
    assert min(RETRIES, key=lambda channel: RETRIES[channel].stuck_after) is Channel.SMS


@pytest.mark.parametrize("channel", Channel)
def test_a_refusal_calls_for_a_person_at_once_and_is_not_repeated_quickly(channel: Channel):
    assert is_stuck(1, channel, DeliveryResult.REFUSED)
    assert wait_after(1, channel, DeliveryResult.REFUSED) == REFUSED_WAIT
    assert not is_stuck(1, channel, DeliveryResult.FAILED)
    assert not is_stuck(1, channel, None)


def test_only_what_cannot_wait_goes_a_second_way_and_within_two_minutes():
    assert second_channel_after(Level.IMMEDIATE) == timedelta(minutes=2)
    assert all(second_channel_after(level) is None for level in Level if level != "immediate")


def test_only_delivered_is_a_receipt():
    assert [status for status in ReceiptStatus if is_receipt(status)] == [ReceiptStatus.DELIVERED]
