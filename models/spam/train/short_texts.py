"""Short texts as people type them into a form, written for this model: mails of 2002 have few of them.

Each line is a pattern: of `{one|other}` one is chosen. Greetings and endings are put around some of them.
"""

import random
import re

SEED = 7
FROM_A_PATTERN = 12

HAM = """
{Do you|Would you|Could you} {have|keep} a {table|room|place} for {two|three|six} {on Saturday|this evening|next Sunday at noon}?
{Is there|Do you have} a {vegetarian|gluten-free|children's} {menu|dish|option}?
What are your {opening times|hours|visiting hours} {on Sundays|at Easter|in August|on public holidays}?
When {are you open|do you open|do you close} {at the weekend|on Thursday|over the holidays|on New Year's Eve}?
I {ordered|bought} {a lamp|two shirts|a pair of boots|a kettle} {on Tuesday|ten days ago|last month} and {it has|they have} not {come|been delivered|arrived}.
My {parcel|package|delivery} {number|no.} {77120|A-5521|301884} is {late|lost|still on its way}, {where is it|can you find out where it is}?
The {blender|watch|coat|bicycle} I {received|got} is {damaged|the wrong colour|too small|faulty}. {How do I return it|May I exchange it|I would like my money back}.
I {paid|was charged} twice for order {1182|90233}, please {refund|return} {one payment|the money|$40|£25}.
When will I get my {refund|deposit|money} back? I {cancelled|returned it} {two weeks ago|on the 3rd}.
How much {is|would be|do you charge for} {a haircut|an oil change|a new battery|painting a kitchen|a piano lesson|cleaning}?
{Could|Can} you {give|send} {me|us} {a quote|an estimate|your prices|a price list} for {repairing a roof|printing 500 flyers|a bus for 40 people|new windows|a birthday cake}?
We {need|are looking for} {a photographer|a venue|a plumber|an accountant|a translator} for {our company|our school|a party in May|next week}. {Are you available|What would it cost}?
Do you {give|have} {a discount|special rates|reduced tickets} for {students|pensioners|schools|children|members}?
{Which|What} {credit cards|ways to pay|payment methods} do you {accept|take}? {Is|Do you take} PayPal {fine|too}?
Can I {pay|order} {by invoice|in cash|by bank transfer|in instalments}?
{Is|Are} the {green shoes|oak table|second edition|tickets for Saturday} {still available|in stock|sold out}?
{When|Will} {will the|the} {new model|blue one|next course} {be back in stock|be available|start}?
Do you {deliver|ship|send} to {Scotland|Canada|Norway|the islands}? {What does postage cost|How long does it take}?
{I cannot|I can't} {log in|sign in|reach my account|change my address}: {it says that my email is unknown|the code never comes|the page stays white}.
{The|Your} {website|app|form|shop} {does not work|hangs|shows an error|is very slow} {on my phone|in Safari|since the update|when I click on Save}.
{The link|A link} {on your contact page|to the manual|in your newsletter} is {broken|dead|wrong}.
{Found|I found} a {bug|mistake|spelling error}: {the total is wrong|the picture is missing|it should say Wednesday}.
How do I {reset|change|delete} my {password|account|email address|profile}?
{Please|Could you} {unsubscribe me|take me off your list|stop the newsletter|delete my data|close my account}.
{I want|I'd like|We wish} to {cancel|change|confirm} {my booking|our reservation|my membership|the appointment} {for the 12th|of Monday|in my name}.
{Can|Could} I {make|get|have} an appointment {with Dr. Brown|for my daughter|for an eye test|this week|in the afternoon}?
{Please|Would you please} {call|ring|phone} me {back|tomorrow|after five} {on|at} {0161 496 0000|555-0134|+44 131 496 0999}.
I am {applying|interested in applying} for the {job|post|vacancy} of {gardener|nurse|web developer|sales assistant}. {My CV is attached|Whom do I write to}?
Do you {take|offer} {interns|apprentices|volunteers|work experience}? I am {17|22} and {study design|finish school in July}.
I {work for the local paper|am a journalist|am a teacher|run a small museum} and {would like to visit|have a few questions|want to borrow a picture}.
{Thanks|Thank you|Many thanks} for {your help|the fast delivery|a lovely evening|the information}{!|, it works now.|. We will come again.}
{Great|Wonderful|Lovely} {site|photos|recipe|shop}{!|, I learnt a lot.|. Keep it up!}
{I was|We were} {not happy|disappointed|unhappy} with {the service|our stay|the food}: {we waited an hour|the room was cold|nobody answered}.
{Is|Are} {the pool|the museum|your shop|the path} {accessible by wheelchair|open to children|heated|far from the station}?
Can I {bring|take} my {dog|bicycle|own wine|child}?
{Is there|Where can I find} {parking|a bus stop|a cash machine|a lift} {nearby|near you|at the hotel}?
I {left|forgot|lost} my {keys|glasses|phone|scarf} {at your place|in room 12|on the bus} {yesterday|on Friday night}. {Has anyone found it|Did somebody hand it in}?
{Hi|Hello}, {are you free for lunch|shall we meet|did you get my message|see you} {tomorrow|on Monday|at six}?
{Can you|Please} {send|resend} {me|us} the {invoice|receipt|contract|programme|form} {for March|by post|again|as a PDF}?
We {are moving|have moved}; {our new address is 5 Mill Lane|please change our address}.
{Does|Will} {this|the} {printer|charger|case|battery} {fit|work with} {my old laptop|the 2019 model|a Mac}?
What is {the difference between the two versions|included in the price|the warranty on this|your minimum order}?
I'd like to {book|reserve} {a double room|two seats|a boat|a court} from {Friday to Sunday|3 to 5 May|nine to eleven}.
Is {the free trial|the free version|the student plan} {limited|still offered|without a credit card}?
How {can|do} I {donate|become a member|help|register for the course}?
The {heating|lift|street light|internet} {in our flat|on the second floor|in Park Road} {is broken|has failed|does not work} since {Sunday|this morning}.
{hi|hello|hey|test|good morning|just testing the form|is anybody there?|a question}
{Who|Whom} {do I|should I} {contact|ask} about {advertising in your magazine|a partnership|insurance|mortgage advice|a loan for a house}?
We {would like|want} to {order|buy} {100 pens|50 shirts|two pallets of paper|eight chairs} {with our name on them|for our office|for resale}. {What is your price|What do they cost|Is there a better price for that many}?
{Your|The} offer {for|on} {the car|the flat|the kitchen} {is fine|is too high for us|suits us}, {please send the papers|when can we sign|could you come down a little}?
{When|If} I {click|press|tap} {Pay|Send|the button|on a product} {nothing happens|there is an error|I am back at the start}.
Do you {offer|have} free {delivery|shipping|returns|samples} {for orders over £50|on large orders|to Wales}?
I {sent|transferred} {£200|the money|the deposit} {by bank on Friday|to your account}, {has it arrived|could you confirm that you have it|please check}.
{Is|Are} {your website|your online shop|www.example.org|your phone line} down? I {get no answer|only see a blank page|have tried for an hour}.
{I read|We talked} about {casinos|spam|online dating|loans|crypto} {in your article|at your meeting}, {may I quote it|where can I find the talk|what is your source}?
I have {a mortgage|a savings account|a business account} with you and {want to talk to somebody about the rate|need a statement|lost my card}.
Does {my insurance|the health plan} {pay for|cover} {the pills|these tablets|the treatment|glasses}? My {doctor|pharmacy} {did not know|said to ask you}.
"""

SPAM = """
{Earn|Make|Get} {$300 a day|thousands every week|serious cash|an extra income} {from home|online|with your phone|while you sleep}{!|!!!|, no skills needed.}
{Work from home|Be your own boss|Quit your job} {and earn|, make} {$2,000 to $9,000|big money} {a month|per week}. {Ask for free info|Act now|Start today}!
{Viagra|Cialis|Pharmacy pills|Weight loss pills|Painkillers} {online|without a doctor|at the lowest prices}{, discreet shipping|, overnight delivery|, no prescription needed}!
{Lose|Drop|Burn} {20 lbs|10 kilos|belly fat} {in two weeks|fast|without dieting}! {All natural|Doctors hate it|100% guaranteed}.
{You are|You're} {our lucky winner|a winner|today's winner}! {Claim|Collect} your {prize|reward|cash|voucher} {now|today|before midnight} {at|here:} http://{win-now|prize-center|luckyday}.{biz|info|top}
{Congratulations|Dear winner}, your email {won|has won} {$500,000|£1,000,000|a new car} in {our lottery|the international draw}. {Contact our agent|Send your details}.
{I am|My name is} {Barrister John|Mrs. Grace|Prince Ade|Dr. Kamara}, {I have|I need a partner for} {$12.5 million|an inheritance|a fund of 30 million dollars} to {move out of|invest outside} my country. {Kindly reply|Please keep this confidential}.
{Dear Sir|Dear beloved|Hello friend}, {I seek|I need} your {help|trust|assistance} to {transfer|receive} {the sum of US$ 8,000,000|my late father's money|a consignment of gold}. You will {keep 30%|be rewarded}.
{Rank|We rank your site} {#1|first|on page one} {on|in} {Google|search engines}! {Cheap SEO|SEO packages|Backlinks} from {$49|$199 a month}.
{I|We} {looked at|checked|came across} your {website|site} and {it is not ranking|found it lacks traffic|saw many SEO issues}. {We can fix it|Shall I send a proposal|May I send you a free audit and price list}?
{We are|I represent} {a digital marketing agency|an offshore web design company|a team of developers in India}. {We offer|We provide} {affordable websites|app development|link building|guest posts} {at low cost|at unbeatable prices}.
{Buy|Get} {real|active|cheap} {followers|likes|views|subscribers|reviews} for {Instagram|YouTube|TikTok|Facebook}, {from $5|instant|guaranteed}!
{Bitcoin|Crypto|Forex} {robot|signals|trading|investment}: {turn $250 into $10,000|300% profit|guaranteed returns|daily payouts}. {Join now|Register free|Limited seats}!
{Invest|Double your money} {in|with} {crypto|our trading platform|penny stocks} {today|now}, {huge profits|no risk}{!|!!}
{Hot stock|Stock alert|Strong buy}: {this company will explode|price set to triple|get in before the news}!
{Sexy|Lonely|Beautiful|Hot} {girls|women|housewives|Asian ladies} {want to meet you|near you|waiting to chat}. {Join free|See pics|Click here}!
{XXX|Adult|Nude} {videos|webcams|pictures}, {free access|no credit card|100% free}, {must be 18|enter now}!
{Enlarge|Bigger|Longer}{ your| } {penis|member|breasts} {naturally|guaranteed|in weeks}!
{Instant|Fast|Easy} {loans|cash advance|credit}, {bad credit welcome|no credit check|approved in 5 minutes}. {Apply|Call} {today|now}!
{We give out|We offer} {loans|funding|business capital} at {2%|3% interest|low interest} to {individuals and companies|anybody}. {Apply with your name, amount and phone|Contact us by email}.
{Mortgage|Interest|Refinance} rates {are falling|as low as 2.9%|slashed}! {Get a free quote|No obligation|Save thousands}.
{Eliminate|Cut|Consolidate} your {debt|credit card bills} {now|by 60%|legally}! {Free consultation|Call toll-free}.
{Replica|Designer|Luxury} {watches|handbags|sunglasses} {80% off|at wholesale prices|only $79}! {Shop now|Today only}.
{Online casino|Poker|Slots|Betting}: {$500 bonus|100 free spins|win big|jackpot} {for new players|no deposit|today}!
{University|College} {diplomas|degrees} {without study|from life experience|in a week}, {nobody is turned down|call now}!
{Your|Security alert: your} {account|mailbox|bank card|PayPal} {has been limited|will be closed|was locked}. {Verify|Confirm|Update} {your password|your details|it} {now|within 24 hours} at http://{account-verify|login-secure|mail-update}.{top|xyz|info}
{Your|The} {domain|hosting|trademark} {expires today|must be renewed|registration is pending}, {pay|click|act} {now|immediately} to {keep it|avoid loss}!
{Reach|Send your ad to} {2 million|50 million|thousands of} {people|inboxes|website forms|contact forms} {for $99|today|automatically}! {Bulk email works|Ask for details}.
{Fresh|Verified|Targeted} {email lists|leads|databases|business contacts} {for sale|at low price|on CD}. {Order now|Reply for a sample}.
{Increase|Explode|Skyrocket} your {sales|traffic|profits} {overnight|by 400%|guaranteed}{!|!!!}
{Cheap|OEM|Discount} {software|Windows keys|Office licences}, {90% off|instant download|from $15}!
{Free|Get a free} {laptop|satellite TV|cable descrambler|vacation|cell phone|ringtone}{!|, just pay shipping!|, click here!}
{Life insurance|Health cover|Car warranty|Extended warranty} {from $9 a month|at rock-bottom rates|quotes in seconds}, {compare and save|save up to 70%}!
{Miracle|Amazing|Secret} {cream|formula|device|supplement} {cures|stops|reverses} {baldness|wrinkles|ageing|pain}! {Order now|Risk free trial|Money-back guarantee}.
{Dear webmaster|Hello site owner}, {exchange links with us|we want to post an article with a link|sell us a link}, {we pay well|high DR sites}.
{Manufacturer of|We supply} {LED lights|masks|steel pipes|phone parts} {from China|at factory price}, {ask for our catalogue|best quality best price}, {MOQ low|fast shipping}.
{This is not spam|You opted in|One time mailing}. {To be removed|To opt out} {reply with REMOVE|click below}. {Amazing offer|Huge savings} inside!
{ACT NOW|HURRY|LAST CHANCE|URGENT}!!! {ONLY 24 HOURS|OFFER ENDS TODAY|LIMITED SUPPLY}! {CLICK HERE|ORDER NOW|CALL NOW}
{Make money|Get paid} {taking surveys|to read email|posting ads|stuffing envelopes}, {up to $75 each|no experience|sign up free}!
{Hack|Spy on|Track} {any phone|your partner|WhatsApp} {secretly|in minutes}, {download now|trial free}.
"""

GREETINGS = ["", "", "", "Hi, ", "Hello, ", "Dear team, ", "Good morning, ", "Hello there! ", "Dear Sir or Madam, "]
ENDINGS = ["", "", "", " Thanks", " Best regards, Sam", " Kind regards", " Thank you!", " Looking forward to your reply."]


def training_texts() -> list[tuple[str, str]]:
    """Labels and texts, the same each time."""
    chosen = random.Random(SEED)
    texts = [
        (label, f"{chosen.choice(GREETINGS)}{_fill(pattern, chosen)}{chosen.choice(ENDINGS)}")
        for label, patterns in (("ham", HAM), ("spam", SPAM))
        for pattern in patterns.strip().split("\n")
        for _ in range(FROM_A_PATTERN)
    ]
    return list(dict.fromkeys(texts))


def _fill(pattern: str, chosen: random.Random) -> str:
    return re.sub(r"\{([^{}]*)\}", lambda found: chosen.choice(found[1].split("|")), pattern)
