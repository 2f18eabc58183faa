"""Short texts as people type them into a form, written for this model too. None of them is trained on."""

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
Could someone explain how the loyalty points work? I have 300 and cannot find where to use them.
My daughter is allergic to nuts. Which of your cakes can she eat?
I sent you the signed contract on Wednesday. Has it reached you?
We arrive at 11 in the evening. Will the reception still be open?
The second chapter of the audio book is silent.
Please send the tickets to my new address: 14 Harbour Street, Leith.
Is it possible to pay a deposit now and the rest on arrival?
Our club would like to rent the hall every second Tuesday.
The colour in the photo looks darker than what I got. Can I swap it?
I run a bakery and would like to buy flour from you by the ton. Who is my contact?
How old do you have to be to join the climbing course?
Good evening, I saw the flat in Elm Road in the paper. Can I look at it this week?
Hi there, do you have this in black?
Your newsletter comes twice every time, can you fix that?
I was at the dentist on Monday and my tooth still hurts. Should I come in again?
Is the guarantee still valid if I lost the receipt?
Thank you for your talk yesterday. Could you share the slides?
I would like to speak to the manager about a complaint.
Why was my card declined? I have enough money on it.
Could you add an option to export the list as CSV?
Sorry, I typed the wrong date. It should be the 21st, not the 12th.
Do you buy used books? I have two boxes of crime novels.
My son left his blue lunch box on the school trip.
Will there be a free entry day at the museum this year?
I need a replacement part for my dishwasher, model SMS46.
What time does the last ferry leave on Sundays?
Hello, we are a small charity and wonder whether you would donate a prize for our raffle.
The heating engineer did not turn up this morning. Please tell me when he will come.
How do I claim on my travel insurance? My suitcase was stolen in Rome.
lovely pictures of the garden, how big is it?
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
Your site could get 10x more visitors. Our SEO experts will audit it for free, reply YES.
Hi, do you accept guest posts? We pay $50 for each dofollow link.
Start trading crypto with only $100 and let our AI robot make you profits every day.
Attention: beneficiary, your compensation fund of USD 4.5 million has been approved. Send your full name and bank account.
Cheap flights? No. CHEAP MEDS! Xanax, Valium, Tramadol shipped worldwide.
Want to buy our list of 60,000 restaurant owners with emails and phone numbers?
I can write 100 positive reviews for your business, cheap price, fast delivery.
Your parcel is on hold. Pay the customs fee of $1.99 here: http://parcel-fee.top/pay
No more debts! We legally wipe out what you owe, call 1-800-555-0100 now.
This simple trick melts fat overnight, see what celebrities do not want you to know
Hello dear, I am Natasha, 27, I look for serious man for love. Write me at natasha27@mail.example
Win an iPad! Just answer one question and enter your card for shipping.
Premium Rolex and Omega copies, indistinguishable from the original, 70% cheaper
We are a leading manufacturer of packing machines in Shenzhen. Best price, please visit our website.
Your PayPal account has been limited. Log in here to restore access.
Exclusive casino offer: deposit $20, play with $100. Sign up today!
Make your woman happy tonight. Herbal pills, no side effects, free samples.
Get out of the 9 to 5! My system pays me $1,200 a day and it can pay you too.
We submit your message to 5 million contact forms, just like this one. Interested?
Business loan offer at 3% interest rate, no collateral, apply today with your details
Dear manager, we do logo design, banner, website for only $25. 100% satisfaction guaranteed.
Last chance to own this penny stock before it goes up 900%
Genuine university diplomas and transcripts, verifiable, any major, delivered in 5 days
Home owners: your rate dropped! Refinance at 2.1% before Friday and pocket the cash.
FREE adult dating, thousands of profiles in your area, no card needed!!!
Your computer is infected! Download our cleaner now to remove 13 viruses.
Investor wanted: gold dust and diamonds from Ghana at very cheap price
Collect your unclaimed inheritance before the bank confiscates it, contact Barrister James
Rank higher on Google Maps in 7 days or your money back
100% free ringtones and games for your mobile, click to download
"""

SHORT = [(label, text) for label, texts in (("ham", HAM), ("spam", SPAM)) for text in texts.strip().split("\n")]
