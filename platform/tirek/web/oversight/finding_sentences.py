"""What lints and golden cases say of an instrument's files, in the words of the command line.

Each sentence is the key of its own translation. A lint that says something new, or the same
in other words, is English on the page until its sentence stands here.
"""

# Marks a sentence for translation; it is translated where it is shown.
N_ = str

# What keeps a file from being read at all (catalog/yaml_subset.py, and what libyaml says).
YAML = (
    N_("the file is missing"),
    N_("the file is not UTF-8"),
    N_("the file is empty"),
    N_("not YAML: %(english)s"),
    N_("mapping values are not allowed in this context"),
    N_("did not find expected key"),
    N_("did not find expected ',' or ']'"),
    N_("did not find expected ',' or '}'"),
    N_("did not find expected '-' indicator"),
    N_("could not find expected ':'"),
    N_("found character that cannot start any token"),
    N_("found unexpected end of stream"),
    N_("control characters are not allowed"),
    N_("nested more than %(most)s deep"),
    N_("directives are not allowed"),
    N_("a second document is not allowed"),
    N_("anchors and aliases are not allowed"),
    N_("tags are not allowed"),
    N_("not a value"),
    N_("key '%(name)s' stands here a second time"),
    N_("a key must be text: put it in quotes"),
    N_("'%(text)s' is read differently by different readers: quote it"),
    N_("an empty value is read differently by different readers: quote it or say null"),
    N_("%(number)s is too near to 0: the least is 0.000001"),
    N_("%(number)s has more than %(most)s digits: quote it"),
)

# Fields that are not what their file needs (catalog/fields.py and the readers of each part).
FIELDS = (
    N_("expected named fields"),
    N_("unknown field '%(name)s'"),
    N_("field '%(name)s' is missing"),
    N_("'%(name)s' must be a text"),
    N_("'%(name)s' must be a whole number"),
    N_("'%(name)s' must be a number or a fraction"),
    N_("'%(name)s' must be true or false"),
    N_("'%(name)s' must be one of: %(known)s"),
    N_("'%(name)s' must not be empty"),
    N_("'%(name)s' must be named values"),
    N_("'%(name)s' must be a single value"),
    N_("'%(name)s' must be a list"),
    N_("'%(name)s' must hold texts (quote numbers)"),
    N_("'%(name)s' must be a number"),
    N_("expected a list of cases"),
    N_("an answer is a quoted code, a state's word or null"),
    N_("bands must be a list"),
    N_("an option set must be a list of options"),
    N_("only {item, ge}, {item, is: refused} and any of them are known at the answer"),
    N_("a scale can only be 'not_computable'"),
    N_("an item can only be 'unanswered' or 'refused'"),
    N_("one answer must settle it: {item, ge} or {item, is: refused}"),
    N_("'quality' knows only: %(known)s"),
    N_("'range' must be [lowest, highest]"),
    N_("'step' must be above 0"),
    N_("'max' must not be negative"),
    N_("no blank is borne, so none can count as zero: say 'none'"),
    N_("only sum_prorated and mean_times_k can prorate a blank"),
    N_("sum_prorated needs 'blank_as: prorate'"),
    N_("any_ge needs 'blank_as: none': a blank may be the one that decides"),
    N_("this method would make an uncounted blank a silent zero: say zero or prorate"),
    N_("this method would make an item left out a silent zero: say zero or blank"),
    N_("the folder of a major version is called by its number"),
    N_("still to be done: %(english)s"),
    N_("say what"),
    N_("an approved release bears two people's signatures"),
    N_(
        "%(part)s %(version)s is not what was published; give it a new version and run `tirek"
        " instruments publish`"
    ),
    N_("%(part)s %(version)s stands for other content before this line"),
    N_("%(part)s %(version)s is not in the history of what was published"),
    N_("%(key)s is %(says)s, the files %(are)s"),
)

# Names and ids that lead somewhere (instrument_lints/identity.py, names.py).
NAMES = (
    N_("the folder is %(folder)s"),
    N_("version '%(text)s' is not like 1.0.0"),
    N_("version %(version)s lies in folder %(folder)s"),
    N_("no age lies between min and max"),
    N_("this is the folder of %(instrument)s"),
    N_("the file is named %(lang)s"),
    N_("%(wanted)s does not admit %(version)s"),
    N_("%(item)s stands where q%(number)s belongs"),
    N_("%(name)s stands here a second time"),
    N_("'%(code)s' is the word of an answer state"),
    N_("there is no option set '%(name)s'"),
    N_("there is no scored item '%(name)s'"),
    N_("there is no item of the scale '%(name)s'"),
    N_("there is no scale above it to read '%(name)s'"),
    N_("there is no other scale to read '%(name)s'"),
    N_("there is no item of the count '%(name)s'"),
    N_("there is no item '%(name)s'"),
    N_("there is no scale '%(name)s'"),
    N_("there is no option of %(item)s '%(name)s'"),
    N_("there is no flag '%(name)s'"),
    N_("there is no band '%(name)s'"),
    N_("there is no text '%(name)s'"),
    N_("there must be one threshold for each item of the scale, and no other"),
    N_("%(item)s raises a flag at the answer but is not declared critical"),
    N_("%(item)s is declared critical but no flag is raised at its answer"),
)

# Blanks, conditions, bands, cut-offs and keys (critical.py, cut_offs.py, keys.py, showing.py).
RULES = (
    N_("%(item)s is critical, and no flag is raised when it stays unanswered"),
    N_("%(item)s is critical and may be passed over without a reminder"),
    N_("%(item)s is scored and may be passed over without a reminder"),
    N_("the last band of %(scale)s must end at %(highest)s"),
    N_("%(band)s ends before it begins: upper bounds must rise"),
    N_("%(band)s ends outside %(scale)s (%(lowest)s to %(highest)s)"),
    N_("%(flag)s can never change"),
    N_("%(flag)s needs golden cases with it and without it"),
    N_("no golden case gives %(scale)s %(values)s, next to this cut-off"),
    N_("%(item)s counts twice in %(scale)s"),
    N_("%(item)s has its scale already: is %(scale)s secondary?"),
    N_("%(item)s is in no scale of its own: is it not_scored?"),
    N_("%(flag)s flags high weights, but low ones are worse in %(item)s"),
    N_("nothing of %(item)s is counted that could show low as worse: write high"),
    N_("a worse answer to %(item)s does not worsen %(scale)s: check reverse and worse"),
    N_("%(scale)s runs from %(lowest)s to %(highest)s"),
    N_("%(scale)s moves in steps of %(step)s"),
    N_("%(scale)s would bear %(blanks)s blanks of %(items)s items"),
    N_("no answer to %(item)s can change whether it reaches %(least)s"),
    N_("code %(code)s weighs %(weight)s"),
    N_("%(item)s can only depend on an item before it, not on %(other)s"),
    N_("%(item)s waits for the same answer to %(other)s twice"),
    N_("no answer to %(other)s can change whether %(item)s is asked"),
    N_("%(scale)s must say what an item that was not asked counts as: hidden_as"),
    N_("no item of %(scale)s is ever hidden: hidden_as says nothing"),
    N_("%(gate)s is for pupils: parents answer at home"),
    N_("it is not read per person, so it can flag nobody"),
    N_("it is not read per person: show_to must be none for parent and psychologist"),
)

# Golden cases (cases.py, golden.py).
CASES = (
    N_("case %(case)s: %(scale)s is %(found)s, expected %(expected)s (%(rule)s)"),
    N_("case %(case)s: flags are %(found)s, expected %(expected)s (%(rule)s)"),
    N_("not computable (%(reason)s)"),
    N_("no golden case of age %(age)s"),
    N_("case %(case)s does not say %(scales)s"),
    N_("case %(case)s is of an age that the instrument does not admit"),
    N_("case %(case)s goes on after %(item)s"),
    N_("no case with all answers at the lowest weight"),
    N_("no case with all answers at the highest weight"),
    N_("no case with every scored item blank"),
    N_("no case with %(item)s alone off its best end"),
    N_("no case with %(number)s blanks in %(scale)s (%(scope)s)"),
    N_("no abandoned case in which %(flag)s alone is raised"),
)

# Texts (evidence.py, labels.py, languages.py, letters.py, numbers.py).
WORDINGS = (
    N_("%(status)s: needs two approvers by name"),
    N_("%(status)s: needs the date of the evidence, such as 2026-11-22"),
    N_("%(status)s: only the rights-holder's own text: origin %(origin)s"),
    N_("%(status)s: needs the document in which the rights-holder says so"),
    N_("that no meaning changes needs two approvers by name"),
    N_("%(key)s stands in another order than its weight: exchanged?"),
    N_("the labels of %(name)s run the other way than in another language"),
    N_("%(key)s is missing"),
    N_("nothing asks for %(key)s"),
    N_("%(key)s is empty"),
    N_("%(second)s says the same as %(first)s"),
    N_("%(key)s is the same in kk and ru: translate it or list it in same"),
    N_("%(key)s is not the same in both languages"),
    N_("%(key)s: has a character that no keyboard makes: broken encoding?"),
    N_("%(key)s: was UTF-8 and has been read as Windows-1251"),
    N_("%(key)s: '%(word)s' has letters of another alphabet: %(letters)s"),
    N_("%(key)s: '%(word)s' has Latin letters that look Cyrillic: %(letters)s"),
    N_("%(key)s tells %(kk)s in kk, %(ru)s in ru"),
)

# Norms (norms.py).
NORMS = (
    N_("a reliability lies between 0 and 1"),
    N_("the mean is no value of %(scale)s"),
    N_("an sd is above 0"),
    N_("nobody was asked"),
    N_("say in a note why n is not known"),
    N_("one row for each value of %(scale)s, %(lowest)s to %(highest)s"),
    N_("a percentile lies in 0 to 100"),
    N_("the percentile falls from %(before)s to %(after)s"),
    N_("at or below the highest score lies everybody: a cumulative table ends at 100"),
    N_("%(scale)s has figures for one sex only"),
    N_("%(second)s has ages of %(first)s"),
    N_("no norm for the ages %(lowest)s to %(highest)s"),
)

# Shorter runs (short_runs.py, domain/measurement/graded.py and adaptive.py).
SHORT = (
    N_("there are no parameters: irt"),
    N_("%(item)s has %(answers)s answers, so it needs %(thresholds)s thresholds"),
    N_("an estimate reads answers as they were calibrated: nothing is reversed"),
    N_("%(item)s has no parameters"),
    N_("%(item)s is critical, so it is always asked"),
    N_("a shorter run chooses the questions, so none may depend on others"),
    N_("a shorter run has no score: give it a scale of method irt_eap"),
    N_("no cut-off stands on the estimate, so a shorter run would lose this flag"),
    N_("somebody must look when the estimate is not computable"),
    N_("an adaptive plan needs 1 <= least <= most"),
    N_("an adaptive plan needs an error above 0"),
    N_("an adaptive plan asks an always-asked item twice"),
    N_("an adaptive plan begins with an item that is always asked anyway"),
    N_("an adaptive plan has an item in two areas of content"),
    N_("an adaptive plan needs shares above 0"),
    N_("an adaptive plan has an area of content without items"),
    N_("an adaptive plan has more areas of content than items to ask"),
    N_("an adaptive plan counts from 0"),
    N_("every item is always asked: nothing is left to choose"),
    N_("there are no parameters for the first item %(item)s"),
    N_("every item that may be chosen stands in one area of content: %(items)s"),
    N_("item %(item)s: a and every b must be finite numbers"),
    N_("item %(item)s: a must be above 0, or declared to run against"),
    N_("item %(item)s: the thresholds b must ascend"),
    N_("a model needs items, each of them once"),
)

# What an import leaves to a person (catalog/exchange).
TODOS = (
    N_("write the key from the rights-holder's document, cited by page"),
    N_("write bands and cut-offs with the source and population of each"),
    N_("child, parent-about-child or parent-about-self"),
    N_("the ages for which the rights-holder allows it"),
    N_("how many minutes it takes"),
    N_("the rights-holder's document, with its page"),
    N_("who holds the rights, on what terms, and what they allow"),
    N_("who wrote this wording"),
    N_("the texts in %(lang)s: the file had none"),
    N_("which end is worse for the child: high or low"),
    N_("is asked only after certain answers; write the condition as show_if"),
    N_("the weight that the rights-holder's document gives"),
)

SENTENCES = (*YAML, *FIELDS, *NAMES, *RULES, *CASES, *WORDINGS, *NORMS, *SHORT, *TODOS)
