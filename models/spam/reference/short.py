"""Short texts as people type them into a form, none of which is trained on: written before those that are."""

HAM = """
Hi, I bought a chair from you last week and one leg is broken. Can I send it back?
Do you have a table free for four on Friday at 8pm?
Hello! Could you tell me your opening hours over Christmas?
I forgot my password and the reset link does not work.
We are planning a wedding in June for 80 guests. Could you send me a quote for catering?
The download on your page gives a 404 error in Firefox.
Thanks for the quick reply, that solved it.
My order 48213 has not arrived yet. It was promised for Monday.
Is the blue jacket available in size M?
I would like to cancel my subscription, please.
Could you please call me back about the invoice? My number is 020 7946 0123.
Great article! There is a small typo in the second paragraph.
Are dogs allowed in the holiday flat?
I'm a student writing a thesis about bees, may I interview you?
How much does it cost to repair a cracked phone screen?
Dear Sir or Madam, I would like to apply for the position of cook.
hello
test
Please remove my email address from your mailing list.
Can you ship to Ireland and how much is delivery?
Your app crashes when I open the settings. Android 14, version 2.3.
What is the price for a 10 minute express check of my car before the MOT?
I lost my umbrella in your shop yesterday, it is red. Did anybody find it?
Do you offer a discount for groups of more than 20 people?
Hi Anna, are we still meeting tomorrow at the library? Best, Tom
We would like to order 200 business cards on recycled paper. What would that be?
Is there parking near the practice?
I need an appointment for a check-up, preferably in the morning.
The money for my returned shoes has not been refunded yet, could you check?
Can I pay by credit card or only cash?
"""

SPAM = """
Make $5000 a week working from home! No experience needed. Click here http://cash4u.biz
Cheap Viagra and Cialis without prescription, order now!!!
Congratulations! You have won a free iPhone. Claim your prize now.
Lower your mortgage rate today, free quote, no obligation, bad credit OK
I am the widow of the late Dr. Mobutu and I seek your assistance to transfer 25 million US dollars.
We can get your website to #1 on Google. SEO services from $99 per month.
Hot singles in your area are waiting for you. XXX pics, join free!
Lose 30 pounds in 30 days, guaranteed! Risk-free trial.
Earn bitcoin fast, double your investment in 24 hours, guaranteed profit
Get your university degree now, no exams, no classes, call 24 hours
Buy 10,000 real Instagram followers cheap, instant delivery
URGENT: your account will be suspended, verify your bank details at http://secure-login.xyz
Limited time offer!!! 80% off Rolex replica watches, buy now
Dear friend, I have a business proposal of $18 million which will benefit both of us
Best online casino, 200 free spins no deposit bonus
Millions of email addresses on CD for only $149, reach your customers today
FREE MONEY!!! Government grants, you qualify now, act fast
Increase your sales with bulk email marketing, 5 million targeted leads
Hi, I noticed your website has errors. We offer web design and first page ranking at an affordable price.
Refinance now and save thousands! Rates at an all time low
Enlarge your manhood by 3 inches, 100% natural pills
Payday loan approved in minutes, no credit check, apply here
Crypto signals with 95% win rate, join our Telegram group today
You have been selected for a $1000 gift card, click the link to claim
Buy cheap software, Windows and Office for $29, download now
Boost your business with our targeted traffic, 100,000 visitors guaranteed
Meet beautiful Russian women now, free registration
Work at home, be your own boss, financial freedom, call toll free now
Stop snoring forever, order our miracle spray, money back guarantee
Unsecured business loans up to $500,000, same day funding, reply to this message
"""

SHORT = [(label, text) for label, texts in (("ham", HAM), ("spam", SPAM)) for text in texts.strip().split("\n")]
