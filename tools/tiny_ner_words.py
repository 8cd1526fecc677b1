"""Names and sentence patterns of the bundled corpus. Underscores are spaces inside of names."""

# Some names are also words or places, to make the task harder: Will, Rose, Grace, Paris, Jordan.
FIRST_NAMES = """
Ada Agnes Alice Amara Anna Arthur Aurora Bela Ben Bill Boris Carla Carlos Charlotte Chiara Clara Daniel Dawn Dmitri
Edith Elena Emil Emma Eric Esther Faith Fatima Felix Florence Frank Georgia Grace Hana Harry Helga Henry Hope Hugo
Ines Irina Isaac Ivan Ivy Jack Jana Jordan Josef Joy Julia Karl Katya Kenji Laila Leo Lily Lucas Luisa Magda Marco
Maria Mark May Miguel Mina Nadia Nina Nora Olga Oscar Otto Paris Pat Paul Pearl Pedro Petra Priya Rafael Ray Rosa Rose
Rudolf Ruth Sana Sergei Sidney Sofia Sonja Stefan Sue Tariq Theo Tomas Vera Viktor Violet Will Yara Yuki Zoe
"""

SURNAMES = """
Abbott Aldersey Andersen Antonov Archer Baker Bakshi Banerjee Bauer Becker Bennett Berezin Bergman Bishop Black
Blomqvist Brandt Brennan Brook Brown Carver Castellano Chandra Cook Cooper Costa Dahl Delgado Demir Dimitrov Dobrev
Duarte Eklund Eriksson Farrow Fedorov Ferrari Field Fischer Fisher Fontaine Forester Garcia Glover Gray Grigorov
Haddad Halvorsen Hansen Harrow Hartmann Hill Hoffmann Holm Ibanez Ivanov Jansen Johansson Kaminski Kapoor Keller King
Kobayashi Kowalski Kuznetsov Lambert Lane Larsen Lebedev Lindqvist Lopez Lund Marchetti Marsh Martinez Mason Matsuda
Miller Moreau Morozov Nakamura Nielsen Nowak Oakley Olsen Orlov Park Pavlov Perez Petersen Petrov Pike Potter Price
Ramos Reed Rhodes Ricci Rivers Romano Rossi Sato Schmidt Schneider Shepherd Singh Smirnov Sokolov Stone Suzuki Swan
Takahashi Taylor Thompson Torres Underhill Vasquez Volkov Wagner Walker Weaver Weber West Whitfield Winter Wisniewski
Wood Yamada Young Zielinski
"""

# Real and invented places. Reading, Bath, Nice, Mobile, Turkey and Rice_Lake are words too.
PLACES = """
Aberdeen Accra Alderbrook Amberley Ankara Antwerp Ashford Athens Austria Bath Belgrade Bergen Berlin Bolivia Brazil
Bremen Brookfield Cairo Canada Cape_Town Chad Chile China Cordoba Cork Crowhurst Cuba Dakar Delhi Denmark Dover
Dresden Dublin Eastbourne Egypt Elmstead Fairhaven Finland Florence Fordham Geneva Georgia Ghana Glasgow Granada
Greenville Grimsby Hamburg Hanover Hartlepool Havana Helsinki Hillsborough Hull Iceland India Istanbul Italy Jordan
Kenya Kingston Kyoto Lagos Lakeside Leeds Lima Lincoln Lisbon Littleton Lucerne Lyon Madrid Malta Marlow Melbourne
Mexico Middleton Millbrook Mobile Morocco Mumbai Munich Nairobi New_Haven New_Orleans Newport Nice Norfolk
North_Harwick Norway Oakhampton Oslo Ottawa Oxford Paris Peru Poland Port_Ellery Porto Prague Quito Reading Redcastle
Rice_Lake Riga Rome Rotterdam Salisbury San_Marco Santiago Seoul Seville Sofia South_Marsh Southwold Spain Stockholm
Stonebridge Sweden Sydney Tallinn Tokyo Toledo Tunis Turin Turkey Upper_Thorne Utrecht Valencia Venice Victoria Vienna
Vietnam Warsaw Washington Wellington West_Alder Westbury Whitby Winchester Windermere York Zagreb Zurich
"""

COMPANIES = """
Aldertech Altamark Amber_Airlines Aquanova Arbor_Books Atlas_Shipping Bluefin_Foods Boreal_Energy Brightwater_Bank
Broadleaf Calder_Steel Canopy_Software Castle_Insurance Celerix Chesterline Civic_Trust Copperfield_Press Corvida
Crescent_Motors Daily_Courier Datavine Delphi_Records Dockside_Brewery Eastern_Railways Echo_Labs Elmwood_Capital
Evening_Star Falconbridge_Mining Farmers_Union Federal_Water_Board Ferrolux Fireside_Games Foxglove_Studios Gazette
Glasshouse_Theatre Global_Grain Golden_Gate_Tea Granite_Partners Greenline Harbour_Police Hearthstone_Foods
Helios_Solar High_Court Hivelink Horizon_Airways Inkwell_Press Interlake Ironworks_Football_Club Jade_Telecom
Kestrel_Aerospace Kiteworks Lantern_Films Larkspur_Hotels Lighthouse_Bank Lumenix Maritime_Authority Meridian_Health
Metro_Transit Ministry_of_Health Ministry_of_Transport Mobile_First Monarch_Motors Morning_Herald National_Gallery
Nimbus_Cloud Nordkraft Northern_Rail Novapharm Oakridge_Academy Orange_Grove_Foods Orchard_Computers Orion_Shipping
Paper_Lantern Parliament Pelican_Books Pinecrest_School Polaris_Energy Port_Authority Post_Office Quantica Radio_Nine
Red_Kite_Brewing Redwood_Bank Riverside_Rovers Royal_Society Sable_Systems Seabright_Ferries Senate Silverline_Trains
Solvanta Southern_Cross_Airways Starling_Records Stellar_Bank Summit_Sports Supreme_Court Swiftcargo Terranova
Thistle_Hotels Treasury Tribune Tundra_Oil Union_of_Nurses Unity_Party Vantage_Press Verdantis Vesper_Labs
Victoria_Line Vireo Voltaris Waterford_Glassworks Weather_Service Western_Union_Dairy White_Rose_Hotels
Wildcat_Records World_Chess_League Xenolith Yellow_Cab_Company Zephyr_Airlines Zenith_Watches
"""

_PATTERN_TEXT = """
PER was born in LOC and moved to LOC as a child .
PER , a teacher from LOC , won the first prize .
The chief executive of ORG , PER , will step down in may .
ORG said on Monday that it will open a new office in LOC .
ORG shares rose by three per cent after the report .
Shares of ORG fell when PER left the board .
" We will not close the factory in LOC , " said PER of ORG .
Will FIRST come to LOC next week ?
May I introduce you to Mr LAST ?
Mr LAST will mark the exam papers on Friday .
Mrs LAST paid the bill and left a rose on the table .
Dr LAST of ORG will speak in LOC tomorrow .
FIRST and FIRST are reading a book about turtles .
FIRST took a long bath after the walk to LOC .
We had turkey and rice in a nice restaurant in LOC .
The mobile phone was made by ORG in LOC .
Her mobile rang while FIRST was in LOC .
I hope that FIRST will bring the orange coat .
It is a joy to work with FIRST , says PER .
To be frank , FIRST never liked LOC .
The train from LOC to LOC was late again .
ORG runs a night train between LOC and LOC .
ORG beat ORG two to one in LOC .
ORG lost at home to ORG on Sunday .
PER scored twice for ORG .
PER signed a contract with ORG last summer .
The mayor of LOC , PER , opened the new bridge .
Heavy rain hit LOC and the hills north of LOC .
Farmers near LOC fear a dry summer .
The river rose two metres in LOC overnight .
PER wrote three novels , all set in LOC .
The novel by PER was published by ORG .
In LOC , the museum shows paintings by PER .
A judge in LOC fined ORG on Thursday .
ORG denied the claim made by PER .
According to ORG , prices will rise in autumn .
" No comment , " a spokesman for ORG said .
Police in LOC are looking for PER .
PER , 41 , lives in LOC with two cats .
Professor LAST teaches chemistry at ORG .
After ten years at ORG , PER wants a change .
LOC and LOC signed a trade agreement .
The president of LOC met his guests in LOC .
Voters in LOC go to the polls in spring .
Ambassador LAST returned to LOC on Wednesday .
The flight to LOC with ORG takes two hours .
ORG cancelled all flights to LOC because of snow .
Yesterday PER arrived in LOC .
Call FIRST before you leave for LOC .
Dear FIRST , greetings from LOC !
Did FIRST really sell the house in LOC ?
My sister works for ORG , my brother for ORG .
Engineers at ORG built the bridge near LOC .
ORG bought ORG for an unknown sum .
The merger of ORG and ORG is off .
PER joined ORG as head of research .
PER left ORG to start a bakery in LOC .
Winter came early to the valley .
The baker and the cook paid the price .
A young fisher found a pearl on the beach .
Nobody knew who would win .
The weather will be fine until Saturday .
Reading is a joy , said the old teacher .
May was warm , june was cold .
The stone bridge over the brook is closed .
Grace and hope were all they had .
The king and the bishop played chess in the park .
They walked down the lane , past the field and the wood .
She bought a dozen eggs and some orange juice .
It rained all day , so we stayed at home .
The bill was passed at dawn .
Rose petals covered the marble floor .
Turkey is eaten cold there , with rice .
The black swan swam up the river .
China cups are kept on the top shelf .
The committee will meet again in march .
LAST and LAST reached the final in LOC .
LAST beat LAST in three sets .
Coach LAST praised the young players of ORG .
Nurse LAST has worked at ORG since 1998 .
Captain LAST brought the ship safely to LOC .
In 1904 PER founded ORG in LOC .
ORG , founded by PER , employs 300 people in LOC .
The letter from PER to FIRST was found in LOC .
FIRST sent a postcard from LOC to PER .
Students of ORG marched through LOC .
A strike at ORG stopped all trams in LOC .
ORG will build solar parks in LOC and LOC .
The concert of ORG in LOC was sold out .
PER played the violin with ORG .
At the market in LOC , FIRST bought pears and plums .
The road between LOC and LOC is closed .
Only FIRST knew the way to LOC .
The witness , PER , spoke for an hour .
PER told ORG that the talks had failed .
ORG reported that PER was safe .
Tickets cost ten euros , ORG said .
The ferry from LOC sank in 1911 .
PER ( ORG ) was first , PER ( ORG ) second .
LOC : sunny , 24 degrees .
LOC , Monday - Talks between ORG and ORG began today .
ORG names PER as chairman
PER to visit LOC in june
Fire destroys old mill in LOC
"""

_UNSEEN_PATTERN_TEXT = """
Snow fell on LOC while FIRST was baking bread .
The auditors of ORG trusted PER completely .
Nothing moved in LOC that night except the trams of ORG .
PER grew up between LOC and LOC .
Bill by bill , Mr LAST counted the money .
Two engineers , PER and PER , left ORG together .
Critics in LOC adored the film , but ORG withdrew it .
If FIRST calls , say that LAST went to LOC .
ORG apologised to the people of LOC .
A ship of ORG was seen off the coast near LOC .
The archive of ORG keeps a diary by PER .
It was LAST who first drew a map of LOC .
What will become of ORG without PER ?
From LOC , FIRST rode to LOC on a borrowed bicycle .
Will the price of rice rise again ?
She will mark the place where the rose grew .
Frank words are rare at ORG .
PER thanked FIRST , LAST and the whole team .
ORG rises , ORG falls in early trading
Storm cuts off LOC
"""


def _patterns(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


PATTERNS = _patterns(_PATTERN_TEXT)
UNSEEN_PATTERNS = _patterns(_UNSEEN_PATTERN_TEXT)
