"""What other programs show in the place of an answer that was not given, in both languages."""

from tirek.domain.instruments import AnswerState

BLANK_WORDS = {
    AnswerState.DECLINED: {"kk": "жауап бергісі келмеді", "ru": "ответа не дали намеренно"},
    AnswerState.SKIPPED: {"kk": "бос қалдырылды", "ru": "оставлено пустым"},
    AnswerState.UNSEEN: {"kk": "көрсетілмеді", "ru": "не показывали"},
}
# What a person may choose instead of an answer.
DECLINE = {"kk": "Жауап бергім келмейді", "ru": "Не хочу отвечать"}
