"""Words that say little about a text: pronouns, articles, prepositions, conjunctions, particles, auxiliary verbs."""

_ENGLISH = """
a an the
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves one oneself
this that these those who whom whose which what whatever whichever whoever
am is are was were be been being have has had having do does did doing done
will would shall should can could may might must ought need dare
and but or nor so yet for if unless because although though while whereas whether than as
of at by with without about against between among into onto upon through throughout during before after above below to
from up down in out on off over under within beyond across along around behind beside besides near since until till via
toward towards per despite except
again further then once here there where when why how however therefore thus hence
all any both each few more most much many other others another some such no not only own same too very just also even
every everyone everything everybody
anyone anything anybody someone something somebody none nobody nothing either neither
less least several enough else ever never always often sometimes already still now rather quite almost
don didn doesn hadn hasn haven isn aren wasn weren won wouldn couldn shouldn mustn mightn needn shan ain ll re ve
"""

_RUSSIAN = """
и в во не что он на я с со как а то все всё она так его но да ты к ко у же вы за бы по только ее её мне было вот от ото
меня еще ещё нет о об обо из изо ему теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж
вам ведь там потом себя себе собой ничего ей может они тут где есть надо ней для мы тебя тебе тобой их чем была сам сама
само сами чтоб чтобы без будто чего чему раз тоже под подо будет ж тогда кто кого кому кем этот эта это эти этого этой
этому этим этом этих того тот та те той тому тем том тех потому какой какая какое какие какого какому каким каких совсем
ним них ними нему здесь одном один одна одно одни почти мой моя мое моё мои моего моей моему моим моих почему всегда
никогда никто никого никому сейчас были было куда зачем всех всем всеми весь вся всего всей всему конечно около возле
перед передо над надо при про через чрез между ради кроме вместо после среди можно нельзя нужно хоть хотя лишь пусть
разве тоже также либо зато однако впрочем поэтому оттого столько сколько такой такая такое такие такого такому таких
твой твоя твое твоё твои твоего наш наша наше наши нашего нашей ваш ваша ваше ваши вашего вашей свой своя свое своё свои
своего своей своему своим своих который которая которое которые которого которой которому которым котором которых
которую чей чья чьё чьи нас нам нами вами мной мною ими им её ею буду будешь будем будете будут бывает очень более
менее больше меньше много мало иногда снова где-то как-то что-то кто-то туда сюда оттуда отсюда
"""

#: The lists by name, words between blanks.
LISTS = {"english": _ENGLISH, "russian": _RUSSIAN}
